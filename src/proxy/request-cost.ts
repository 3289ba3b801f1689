/** What requests weigh in flight: whole numbers from 1 up, which the policies of a pool compare and sum. */

/** Of `content-length`: each of these that a body has in full costs 1 more. */
export const COST_UNIT_BYTES = 65_536;

/**
 * No request costs more. The sums of an endpoint have 31 bits: so many as 214,000 requests of this cost fit, where a
 * client that names a larger one must not make them run over.
 */
export const MOST_COST = 10_000;

/** A request as a cost function sees it: valid during the call, read from the bytes when asked. */
export interface CostRequest {
  readonly method: string;
  /** As sent, with its port; empty when there is none. */
  readonly host: string;
  /** Without query, as sent. */
  readonly path: string;
  /** Behind the question mark, as sent; empty when there is none. */
  readonly query: string;
  /** Bytes; 0 without a body, −1 for a chunked one. */
  readonly contentLength: number;
  /** The first field of that name, in any case. */
  header(name: string): string | undefined;
}

/** A user's own: rounded up, at least 1, at most `MOST_COST`. */
export type CostFunction = (request: CostRequest) => number;

export function costOfLength(bytes: number): number {
  return bytes < COST_UNIT_BYTES ? 1 : Math.min(MOST_COST, 1 + Math.floor(bytes / COST_UNIT_BYTES));
}

/** `−1` stands for no number at all; it costs 1. */
export function costOfNumber(value: number): number {
  return value > 1 ? Math.min(MOST_COST, Math.ceil(value)) : 1;
}
