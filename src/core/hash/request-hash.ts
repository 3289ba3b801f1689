/**
 * Where a request belongs: 32 bits that hashing policies look up in their ring, table or scores.
 *
 * Source  the alternative places: Chen, Coleman and Shrivastava, "Revisiting consistent hashing with bounded loads",
 *         arXiv 1908.08762, section 3 (random jumps); the mixing: Wellons' "lowbias32".
 * Cost    O(length of the key); allocates only when a key is longer than any before.
 * Errors  none; a request without key and address is drawn a place of its own each time.
 */
import type { PickRequest } from '../kernel/policy.ts';
import type { Rng } from '../kernel/rng.ts';
import { xxhash32 } from './xxhash32.ts';

/** Hashes are integers in [0, HASHES). */
export const HASHES = 2 ** 32;

/** The hash of the request's key, else of its client's address, else a draw; another one for each `jump`. */
export function requestHash(request: PickRequest, rng: Rng, hash: (text: string) => number = xxhash32): number {
  const text = request.key !== '' ? request.key : request.clientIp;
  // The usual case without a further call: engines inline calls of calls only so deep.
  return text !== '' && request.jump === 0 ? hash(text) : placeOf(text, request.jump, rng, hash);
}

/** As `requestHash`, of this text instead of the request's key. */
export function placeOf(text: string, jump: number, rng: Rng, hash: (text: string) => number = xxhash32): number {
  const own = text === '' ? rng.below(HASHES) : hash(text);
  return jump === 0 ? own : mix32(own, jump);
}

/** A permutation of 32 bits for each `turn`; for a fixed `value` different turns give different results. */
export function mix32(value: number, turn: number): number {
  // A step by the golden ratio: neither 0 nor anything else is a fixed point of all turns.
  let z = (value + Math.imul(turn, 0x9e3779b9)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d);
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b);
  return (z ^ (z >>> 16)) >>> 0;
}
