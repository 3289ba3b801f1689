import type { NoneReason } from '../control/picker/picker.ts';

/** A request found no endpoint: none is eligible, or each is at its limit. `reason` is the pool's. */
export class NoEndpointError extends Error {
  readonly code = 'no-endpoint';
  readonly reason: NoneReason;

  constructor(pool: string, reason: NoneReason) {
    super(`pool ${pool} has no endpoint for this request: ${reason}`);
    this.name = 'NoEndpointError';
    this.reason = reason;
  }
}
