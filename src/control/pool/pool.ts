import type { Location } from '../../core/kernel/endpoint.ts';
import type { EndpointState, MembershipEvent } from '../membership/membership.ts';
import type { GuardEvent } from '../picker/guard-event.ts';
import type { PickState } from '../picker/picker.ts';
import type { Mode, Role } from '../pool-options.ts';
import type { EndpointInput } from './endpoint-input.ts';
import type { NonePicked, Picked, PoolEndpoint } from './pick.ts';
import type { PolicyInput } from './policy-input.ts';

/** What a pool may know of a request; every field may be left out. */
export interface PoolRequest {
  /** The affinity key of hashing policies. */
  readonly key?: string;
  readonly clientIp?: string;
  /** The failure domain the request comes from. Default: the pool's. */
  readonly zone?: string;
  /** What the request weighs in flight, a whole number from 1 to 10,000. Default 1. */
  readonly cost?: number;
  /** Only an endpoint that has this role will do. Default: any. */
  readonly role?: Role;
  /** Endpoints that this request was sent to before: they are not picked again. */
  readonly tried?: readonly PoolEndpoint[];
}

/** An endpoint and what is known of it now. */
export interface PoolEndpointState extends EndpointState, PickState {
  /** A pick may reach it: mode, weight, checks, breaker and ejection together. */
  readonly eligible: boolean;
  readonly origin: string;
  readonly zone?: string;
  readonly location?: Location;
  /** Picks without an outcome yet, in cost units. */
  readonly inFlight: number;
}

/** A user's function failed; `least-connections` decided in its place. Told once for each kind. */
export interface PolicyFailure {
  readonly pool: string;
  readonly what: 'policy';
  readonly kind: 'threw' | 'bad-answer';
  readonly reason: string;
}

/** One change of state. */
export type PoolEvent = MembershipEvent | GuardEvent | PolicyFailure;

/** Endpoints that serve the same thing, and the policy that picks among them. */
export interface Pool {
  readonly name: string;
  /** The policy's type, or the name of the function. */
  readonly policy: string;
  /** All endpoints as they are now; made anew on each reading. */
  readonly endpoints: readonly PoolEndpointState[];
  /**
   * An endpoint for one request, or why there is none. Of what is returned, `done` is called once.
   *
   * Errors  throws `contract-broken` after `close`, and for a cost out of range.
   */
  pick(request?: PoolRequest): Picked | NonePicked;
  /**
   * Up to `count` different endpoints in order of preference for `key`, for replicas of what the key names. They are not
   * counted in flight.
   *
   * Errors  throws `contract-broken` where the policy knows no such order, and after `close`.
   */
  pickMany(key: string, count: number): PoolEndpoint[];
  /**
   * Other endpoints, another policy, or both. What was learned of endpoints that stay (same id, address and `backup`) is
   * kept, as are modes and weights set at run time, unless the policy is another.
   *
   * Errors  throws `config-invalid` or `policy-unknown`; nothing has changed then.
   */
  update(change: PoolChange): void;
  /** What a person says of an endpoint. Throws `endpoint-unknown`. */
  setMode(id: string, mode: Mode): void;
  /** `weight` from 0 to 65535; 0 receives no pick. Throws `endpoint-unknown`, `config-invalid`. */
  setWeight(id: string, weight: number): void;
  /** Calls `listener`, which must not throw, with each change of state. Returns how to stop it. */
  subscribe(listener: (event: PoolEvent) => void): () => void;
  /** Ends checks and discovery. Picks under way may still be done; further picks are refused. */
  close(): void;
}

/** What `update` replaces; what is left out stays. */
export interface PoolChange {
  /** All of them, not only the new ones. */
  readonly endpoints?: readonly EndpointInput[];
  readonly policy?: PolicyInput;
}
