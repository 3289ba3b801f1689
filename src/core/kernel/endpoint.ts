/**
 * An endpoint as a policy sees it: one address that can serve, reduced to what a decision needs.
 *
 * `slot` is the endpoint's index for its whole life: arrays of learned state are indexed by it, a pick returns it,
 * and it is given to another endpoint only after this one left and its last pick has an outcome. Slots are small
 * (bounded by the greatest number of endpoints at one time) but not dense.
 */
export interface Endpoint {
  readonly slot: number;
  /** Stable over configurations; hashing policies place an endpoint by it. */
  readonly id: string;
  /** Configured proportion, > 0 (0 never receives a pick). Default 1. */
  readonly weight: number;
  /** Failure domain, for policies that prefer their own. */
  readonly zone?: string;
  readonly location?: Location;
}

/** Degrees. */
export interface Location {
  readonly latitude: number;
  readonly longitude: number;
}
