import type { PartialAssignment } from './partial-assignment.ts';

/** Increments fall by this factor from phase to phase: eight phases from a quarter of the largest cost. */
const PHASES = 8;
const FALL = 4;
/** Where bidding takes longer, the search does the rest. */
const BIDS_PER_ROW = 80;

/**
 * Sets prices by an auction with falling increments, for matrices where all rows want the same columns in the same order.
 * There each augmenting path would run through all that is assigned; prices that are nearly right keep paths short. Only
 * where columns take one row each and all are full in the end. Whatever was assigned is forgotten.
 *
 * Increments are powers of two, so that prices of whole costs stay exact.
 *
 * Source  Bertsekas, "The auction algorithm: a distributed relaxation method for the assignment problem", Annals of
 *         Operations Research 14, 1988 (bids; ε-scaling).
 * Cost    at most 80·n·m.
 */
export function auctionPrices(partial: PartialAssignment): void {
  const { rows, columns, costs, prices, holders, room } = partial;
  prices.fill(0);
  holders.first.fill(-1);
  holders.next.fill(-1);
  room.fill(1);
  const owners = new Int32Array(columns);
  const waiting = new Int32Array(rows);
  let left = BIDS_PER_ROW * rows;
  let increment = 2 ** Math.floor(Math.log2(largest(costs) / FALL));
  for (let phase = 0; phase < PHASES && increment > 0; phase++, increment /= FALL) {
    owners.fill(-1);
    for (let k = 0; k < rows; k++) waiting[k] = rows - 1 - k;
    for (let count = rows; count > 0 && left > 0; left--) {
      const row = waiting[--count]!;
      const column = bid(partial, row, increment);
      if (column < 0) continue;
      if (owners[column]! >= 0) waiting[count++] = owners[column]!;
      owners[column] = row;
    }
  }
}

function largest(costs: Float64Array): number {
  let most = 0;
  for (let at = 0; at < costs.length; at++) {
    const size = Math.abs(costs[at]!);
    if (size > most && size !== Number.POSITIVE_INFINITY) most = size;
  }
  return most;
}

/** Lowers the price of the row's cheapest column until it is dearer than the second by the increment; −1: no column. */
function bid({ columns, costs, prices }: PartialAssignment, row: number, increment: number): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  let next = Number.POSITIVE_INFINITY;
  for (let j = 0, at = row * columns; j < columns; j++, at++) {
    const reduced = costs[at]! - prices[j]!;
    if (reduced >= next) continue;
    if (reduced < least) {
      next = least;
      least = reduced;
      best = j;
    } else next = reduced;
  }
  if (best < 0) return -1;
  const gap = next === Number.POSITIVE_INFINITY ? 0 : next - least;
  prices[best] = prices[best]! - gap - increment;
  return best;
}
