/** One verdict of a pool's guards, told once, with its reason. */
export interface GuardEvent {
  readonly pool: string;
  /** Its id; empty where it concerns all of them. */
  readonly endpoint: string;
  readonly what: 'breaker' | 'ejection' | 'slow-start' | 'panic';
  readonly from: string;
  readonly to: string;
  /** `5 failures in a row`. */
  readonly reason: string;
}
