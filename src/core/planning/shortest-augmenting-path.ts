/**
 * The core of the exact solver: every row gets all its units assigned, at the least total cost.
 *
 * Source  Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
 *         Computing 38, 1987 (column reduction, augmenting row reduction); Crouse, "On implementing 2D rectangular
 *         assignment algorithms", IEEE TAES 52(4), 2016 (rectangular matrices, prices of columns ≤ 0).
 * Cost    O(n²·m) for n rows and m columns at worst, far less on most matrices; 8 arrays of n or m numbers.
 * Ties    whichever is found first.
 *
 * A price `v[j]` belongs to each column and a potential `u[i]` to each row, so that cost − u − v is never negative, and
 * zero where a row is assigned. A column that has room left at the end must have the price 0: prices are only ever
 * lowered, and only for full columns, or all columns are full in the end and any price will do.
 */

import {
  type Holders,
  hold,
  nothingAssigned,
  type PartialAssignment,
  release,
  type UnitProblem,
} from './partial-assignment.ts';
import { auctionPrices } from './price-auction.ts';
import { freeRows, reduceColumns, reduceRows } from './price-reduction.ts';

/** Solves `problem`; undefined when some unit finds no column. */
export function assignAllUnits(problem: UnitProblem): Holders | undefined {
  const partial = nothingAssigned(problem);
  const search = createSearch(partial);
  for (const row of unplacedUnits(problem, partial)) if (!search(row)) return undefined;
  return partial.holders;
}

/** A row for each unit that the cheap steps leave to the search. */
function unplacedUnits(
  { rows, columns, supplies, capacities }: UnitProblem,
  partial: PartialAssignment,
): Iterable<number> {
  if (supplies !== undefined) return eachUnit(supplies);
  const allFull = rows === capacities.reduce((total, each) => total + each, 0);
  if (allFull) reduceColumns(partial);
  const free = freeRows(partial);
  if (columns < 2 || capacities.some((each) => each !== 1)) return free;
  const still = reduceRows(partial, free);
  if (!allFull || still.length <= rows * CONTESTED) return reduceRows(partial, still);
  auctionPrices(partial);
  return reduceRows(partial, reduceRows(partial, freeRows(partial)));
}

/** Where row reduction leaves more than this share of the rows free, rows want the same columns. */
const CONTESTED = 0.75;

function* eachUnit(supplies: Int32Array): Generator<number> {
  for (let i = 0; i < supplies.length; i++) for (let unit = 0; unit < supplies[i]!; unit++) yield i;
}

/** What one search needs beside the work, kept between searches. */
interface Tree {
  /** Least distance at which each open column was seen; Infinity once it is closed, that is, reached for good. */
  readonly distances: Float64Array;
  /** Prices of open columns; −Infinity once closed, which keeps a closed column's distance at Infinity. */
  readonly openPrices: Float64Array;
  /** The row from which each column is nearest. */
  readonly from: Int32Array;
  /** Closed columns in the order in which they were, and the distance of each. */
  readonly closed: Int32Array;
  readonly closedAt: Float64Array;
  /** Columns still open, listed once a good part is closed. */
  readonly open: Int32Array;
  /** Rows of the tree in the order in which they came, and the column through which each came; −1 for the first. */
  readonly queue: Int32Array;
  readonly entered: Int32Array;
  /** The distance of each row of the tree. */
  readonly reachedAt: Float64Array;
  readonly inTree: Uint8Array;
}

function createTree({ rows, columns }: PartialAssignment): Tree {
  return {
    distances: new Float64Array(columns),
    openPrices: new Float64Array(columns),
    from: new Int32Array(columns),
    closed: new Int32Array(columns),
    closedAt: new Float64Array(columns),
    open: new Int32Array(columns),
    queue: new Int32Array(rows),
    entered: new Int32Array(rows),
    reachedAt: new Float64Array(rows),
    inTree: new Uint8Array(rows),
  };
}

/** A look at all columns in memory order costs about 0.65 of a look at the same number through a list. */
const LISTED_BELOW = 0.65;

/** A function that places one more unit of a row along a shortest augmenting path; false when there is no path. */
function createSearch(partial: PartialAssignment): (source: number) => boolean {
  const { columns, costs, prices, holders, room } = partial;
  const tree = createTree(partial);
  const step: Step = { row: 0, offset: 0.5, floor: 0.5 };
  const { distances, openPrices, closed, closedAt, open, queue, entered, reachedAt, inTree } = tree;

  function search(source: number): boolean {
    let closedCount = 0;
    let openCount = -1;
    let queued = 1;
    let scanned = 0;
    let lowest = 0;
    start(source);
    for (;;) {
      let nearest = -1;
      // A column that brings no new row (no places, or a row of several units) leaves only the nearest to be found again.
      if (scanned === queued) scanned--;
      while (scanned < queued) {
        const row = queue[scanned++]!;
        const via = entered[row]!;
        step.row = row;
        // The first row's potential is not known: distances begin with whatever its cheapest column costs.
        step.floor = via < 0 ? Number.NEGATIVE_INFINITY : reachedAt[row]!;
        step.offset = via < 0 ? 0 : reachedAt[row]! - (costs[row * columns + via]! - prices[via]!);
        nearest = openCount < 0 ? relaxAll(partial, tree, step) : relaxListed(partial, tree, step, openCount);
      }
      const column = openCount < 0 || nearest < 0 ? nearest : open[nearest]!;
      const found = column >= 0 && distances[column] !== Number.POSITIVE_INFINITY;
      if (found) lowest = distances[column]!;
      if (!found || room[column]! > 0) {
        if (found) {
          lowerPrices(partial, tree, closedCount, lowest);
          shiftUnits(partial, tree, column);
        }
        for (let k = 0; k < queued; k++) inTree[queue[k]!] = 0;
        return found;
      }
      close(column, closedCount++, lowest);
      queued = enter(column, queued, lowest);
      if (openCount >= 0) open[nearest] = open[--openCount]!;
      else if (columns - closedCount < columns * LISTED_BELOW) openCount = listOpen();
    }
  }

  function start(source: number): void {
    distances.fill(Number.POSITIVE_INFINITY);
    openPrices.set(prices);
    queue[0] = source;
    entered[source] = -1;
    inTree[source] = 1;
  }

  function close(column: number, at: number, distance: number): void {
    closed[at] = column;
    closedAt[at] = distance;
    distances[column] = Number.POSITIVE_INFINITY;
    openPrices[column] = Number.NEGATIVE_INFINITY;
  }

  function enter(column: number, queued: number, distance: number): number {
    for (let row = holders.first[column]!; row >= 0; row = holders.next[row]!) {
      if (inTree[row] === 1) continue;
      inTree[row] = 1;
      entered[row] = column;
      reachedAt[row] = distance;
      queue[queued++] = row;
    }
    return queued;
  }

  function listOpen(): number {
    let count = 0;
    for (let j = 0; j < columns; j++) if (openPrices[j] !== Number.NEGATIVE_INFINITY) open[count++] = j;
    return count;
  }

  return search;
}

/** One row of the tree, and where it stands; one object for all. */
interface Step {
  row: number;
  /** What turns a cost less a price into a distance. */
  offset: number;
  /** No column is nearer than this. */
  floor: number;
}

/**
 * Shortens the distances of all open columns by what is reached through `row`; returns the nearest column, one with room
 * if there are several.
 *
 * Nearly all time is spent here and in `relaxListed`: functions of their own, of arrays and numbers alone, compile to the
 * tightest loops.
 */
function relaxAll({ columns, costs, room }: PartialAssignment, tree: Tree, { row, offset, floor }: Step): number {
  const { openPrices, distances, from } = tree;
  let nearest = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0, at = row * columns; j < columns; j++, at++) {
    const reached = costs[at]! - openPrices[j]! + offset;
    let distance = distances[j]!;
    if (reached < distance) {
      distances[j] = reached;
      from[j] = row;
      distance = reached;
    }
    if (distance <= least && (distance < least || room[j]! > 0)) {
      least = distance;
      nearest = j;
      // Nothing is nearer than where the search stands: the rest need not be seen.
      if (distance === floor && room[j]! > 0) return j;
    }
  }
  return nearest;
}

/** The same for the first `count` columns of the list of open ones; returns the place in the list. */
function relaxListed({ columns, costs, room }: PartialAssignment, tree: Tree, step: Step, count: number): number {
  const { row, offset, floor } = step;
  const { openPrices, distances, from, open } = tree;
  const base = row * columns;
  let nearest = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < count; k++) {
    const j = open[k]!;
    const reached = costs[base + j]! - openPrices[j]! + offset;
    let distance = distances[j]!;
    if (reached < distance) {
      distances[j] = reached;
      from[j] = row;
      distance = reached;
    }
    if (distance <= least && (distance < least || room[j]! > 0)) {
      least = distance;
      nearest = k;
      if (distance === floor && room[j]! > 0) return k;
    }
  }
  return nearest;
}

/** Keeps cost − u − v from becoming negative along the path to come. */
function lowerPrices({ prices }: PartialAssignment, { closed, closedAt }: Tree, count: number, lowest: number): void {
  for (let k = 0; k < count; k++) {
    const j = closed[k]!;
    prices[j] = prices[j]! - (lowest - closedAt[k]!);
  }
}

/** Moves each row of the path from the column through which it came to the next one. */
function shiftUnits({ holders, room }: PartialAssignment, { from, entered }: Tree, sink: number): void {
  room[sink] = room[sink]! - 1;
  for (let column = sink; column >= 0; ) {
    const row = from[column]!;
    const before = entered[row]!;
    if (before >= 0) release(holders, row, before);
    hold(holders, row, column);
    column = before;
  }
}
