/** Time, passed in so that simulator, tests and server run the same code. */
export interface Clock {
  /** Monotonic milliseconds with a fraction; the origin is arbitrary. */
  now(): number;
}
