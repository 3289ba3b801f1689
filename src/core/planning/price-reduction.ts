import { hold, type PartialAssignment } from './partial-assignment.ts';

/**
 * Prices each column at its least cost and gives it to the row that has it, unless that row has one. Only where all
 * columns are full in the end: elsewhere prices above 0 prove nothing.
 */
export function reduceColumns(partial: PartialAssignment): void {
  const { rows, columns, costs, prices, holders, room } = partial;
  const cheapest = new Int32Array(columns);
  prices.fill(Number.POSITIVE_INFINITY);
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, at++) {
      const cost = costs[at]!;
      if (cost < prices[j]!) {
        prices[j] = cost;
        cheapest[j] = i;
      }
    }
  }
  const given = new Uint8Array(rows);
  for (let j = columns - 1; j >= 0; j--) {
    if (prices[j] === Number.POSITIVE_INFINITY) prices[j] = 0;
    else if (given[cheapest[j]!] === 0 && room[j]! > 0) {
      given[cheapest[j]!] = 1;
      hold(holders, cheapest[j]!, j);
      room[j] = room[j]! - 1;
    }
  }
}

/** Rows that no column holds, ascending. */
export function freeRows({ rows, holders: { first, next } }: PartialAssignment): Int32Array {
  const held = new Uint8Array(rows);
  let count = rows;
  for (let j = 0; j < first.length; j++) {
    for (let i = first[j]!; i >= 0; i = next[i]!, count--) held[i] = 1;
  }
  const free = new Int32Array(count);
  for (let i = 0, at = 0; i < rows; i++) if (held[i] === 0) free[at++] = i;
  return free;
}

/** The cheapest column for a row at the present prices; what it and the second cheapest cost. */
interface Offers {
  best: number;
  readonly costs: Float64Array;
}

/** Where costs are near each other, rows could put each other out for long: the search ends that sooner. */
const MOST_TURNS = 16;

/**
 * Augmenting row reduction, for columns that take one row each: a free row takes its cheapest column, lowers that
 * column's price until the second cheapest is as good, and puts out who was there; that row goes on at once.
 * Returns the rows that are still free. There must be two columns or more.
 */
export function reduceRows(partial: PartialAssignment, free: Int32Array): Int32Array {
  const offers: Offers = { best: 0, costs: new Float64Array(2) };
  return free.map((row) => placeRow(partial, row, offers)).filter((row) => row >= 0);
}

/** Places `row` and those it puts out; returns the one that stays free, −1: none. */
function placeRow(partial: PartialAssignment, row: number, offers: Offers): number {
  const { prices, holders, room } = partial;
  const { first } = holders;
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    compareOffers(partial, row, offers);
    const [least, next] = [offers.costs[0]!, offers.costs[1]!];
    if (least === Number.POSITIVE_INFINITY) return row;
    let taken = offers.best;
    if (first[taken]! >= 0) {
      const price = prices[taken]! - (next - least);
      // By no less than it can show, and not for ever, as without a second column.
      const falls = price < prices[taken]! && price > Number.NEGATIVE_INFINITY;
      if (falls) prices[taken] = price;
      else taken = next === least ? emptyAt(partial, row, least) : -1;
      if (taken < 0) return row;
    }
    const out = first[taken]!;
    first[taken] = row;
    room[taken] = 0;
    if (out < 0) return -1;
    row = out;
  }
  return row;
}

/** An empty column at the least cost; −1: none. */
function emptyAt({ columns, costs, prices, holders }: PartialAssignment, row: number, least: number): number {
  for (let j = 0, at = row * columns; j < columns; j++, at++) {
    if (costs[at]! - prices[j]! === least && holders.first[j]! < 0) return j;
  }
  return -1;
}

function compareOffers({ columns, costs, prices }: PartialAssignment, row: number, offers: Offers): void {
  const base = row * columns;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  let next = Number.POSITIVE_INFINITY;
  for (let j = 0; j < columns; j++) {
    const reduced = costs[base + j]! - prices[j]!;
    if (reduced >= next) continue;
    if (reduced < least) {
      next = least;
      least = reduced;
      best = j;
    } else next = reduced;
  }
  offers.best = best;
  offers.costs[0] = least;
  offers.costs[1] = next;
}
