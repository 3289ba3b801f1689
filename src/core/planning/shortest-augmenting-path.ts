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
export interface UnitProblem {
  readonly rows: number;
  readonly columns: number;
  /** Row-major; Infinity where the row cannot have the column. */
  readonly costs: Float64Array;
  /** Units that each row has to place, ≥ 0; absent: 1 each. A row of several units has them in different columns. */
  readonly supplies?: Int32Array;
  /** Units that each column takes; only 1 where a row has several. */
  readonly capacities: Int32Array;
}

/** Linked lists of the rows that each column holds; −1 ends a list. */
export interface Holders {
  readonly first: Int32Array;
  readonly next: Int32Array;
}

/** Working state: all arrays are by row or by column. */
interface Work {
  readonly rows: number;
  readonly columns: number;
  readonly costs: Float64Array;
  readonly prices: Float64Array;
  readonly holders: Holders;
  /** Room left in each column. */
  readonly room: Int32Array;
}

/** Solves `problem`; undefined when some unit finds no column. */
export function assignAllUnits(problem: UnitProblem): Holders | undefined {
  const { rows, columns, costs, supplies, capacities } = problem;
  const holders = { first: new Int32Array(columns).fill(-1), next: new Int32Array(rows).fill(-1) };
  const work: Work = { rows, columns, costs, prices: new Float64Array(columns), holders, room: capacities.slice() };
  let free: Int32Array;
  if (supplies === undefined) {
    if (rows === sum(capacities)) reduceColumns(work);
    free = freeRows(work);
    const units = capacities.every((each) => each === 1);
    for (let pass = 0; pass < 2 && units && columns > 1 && free.length > 0; pass++) free = reduceRows(work, free);
  } else free = Int32Array.from(unitsOf(supplies));
  const search = createSearch(work);
  for (let k = 0; k < free.length; k++) if (!search(free[k]!)) return undefined;
  return holders;
}

const sum = (counts: Int32Array): number => counts.reduce((total, each) => total + each, 0);

function* unitsOf(supplies: Int32Array): Generator<number> {
  for (let i = 0; i < supplies.length; i++) for (let unit = 0; unit < supplies[i]!; unit++) yield i;
}

function hold({ holders, room }: Work, row: number, column: number): void {
  holders.next[row] = holders.first[column]!;
  holders.first[column] = row;
  room[column] = room[column]! - 1;
}

/** Prices each column at its least cost and gives it to the row that has it, unless that row has one. */
function reduceColumns(work: Work): void {
  const { rows, columns, costs, prices, room } = work;
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
      hold(work, cheapest[j]!, j);
    }
  }
}

function freeRows({ rows, holders, columns }: Work): Int32Array {
  const held = new Uint8Array(rows);
  for (let j = 0; j < columns; j++) for (let i = holders.first[j]!; i >= 0; i = holders.next[i]!) held[i] = 1;
  return Int32Array.from(Array.from(held.keys()).filter((i) => held[i] === 0));
}

/**
 * Augmenting row reduction, for columns that take one row each: a free row takes its cheapest column, lowers that
 * column's price until the second cheapest is as good, and puts out who was there; that row goes on at once.
 * Returns the rows that are still free.
 */
function reduceRows({ columns, costs, prices, holders, room }: Work, free: Int32Array): Int32Array {
  const { first } = holders;
  const still = new Int32Array(free.length);
  let count = 0;
  for (let k = 0; k < free.length; k++) {
    let row = free[k]!;
    // Where costs are near each other, rows could put each other out for long: the search ends that sooner.
    for (let turn = 0; row >= 0; turn++) {
      const base = row * columns;
      let best = 0;
      let second = -1;
      let least = costs[base]! - prices[0]!;
      let next = Number.POSITIVE_INFINITY;
      for (let j = 1; j < columns; j++) {
        const reduced = costs[base + j]! - prices[j]!;
        if (reduced < next) {
          if (reduced < least) {
            next = least;
            second = best;
            least = reduced;
            best = j;
          } else {
            next = reduced;
            second = j;
          }
        }
      }
      if (least === Number.POSITIVE_INFINITY) {
        still[count++] = row;
        break;
      }
      const price = prices[best]! - (next - least);
      let out = first[best]!;
      // A price that would fall for ever (no second column) or by less than it can show is left as it is.
      const lower = price < prices[best]! && price > Number.NEGATIVE_INFINITY;
      if (out >= 0 && lower) prices[best] = price;
      else if (out >= 0 && next === least && second >= 0) {
        best = second;
        out = first[best]!;
      }
      if (out < 0) {
        room[best] = 0;
        first[best] = row;
        break;
      }
      if (!lower || turn >= 64) {
        still[count++] = row;
        break;
      }
      first[best] = row;
      row = out;
    }
  }
  return still.slice(0, count);
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

function createTree({ rows, columns }: Work): Tree {
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
function createSearch(work: Work): (source: number) => boolean {
  const { columns, costs, prices, holders, room } = work;
  const tree = createTree(work);
  const { distances, openPrices, closed, closedAt, open, queue, entered, reachedAt, inTree } = tree;

  function search(source: number): boolean {
    let [closedCount, openCount, queued, scanned, lowest] = [0, -1, 1, 0, 0];
    start(source);
    for (;;) {
      let nearest = -1;
      // A column that brings no new row (no places, or a row of several units) leaves only the nearest to be found again.
      if (scanned === queued) scanned--;
      while (scanned < queued) {
        const row = queue[scanned++]!;
        const via = entered[row]!;
        const offset = via < 0 ? 0 : reachedAt[row]! - (costs[row * columns + via]! - prices[via]!);
        nearest = openCount < 0 ? relaxAll(work, tree, row, offset) : relaxListed(work, tree, row, offset, openCount);
      }
      const column = openCount < 0 || nearest < 0 ? nearest : open[nearest]!;
      const found = column >= 0 && distances[column] !== Number.POSITIVE_INFINITY;
      if (found) lowest = distances[column]!;
      if (!found || room[column]! > 0) {
        if (found) {
          lowerPrices(work, tree, closedCount, lowest);
          shiftUnits(work, tree, column);
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

/**
 * Shortens the distances of all open columns by what is reached through `row`; returns the nearest column, one with room
 * if there are several.
 *
 * Nearly all time is spent here and in `relaxListed`: functions of their own, of arrays and numbers alone, compile to the
 * tightest loops.
 */
function relaxAll({ columns, costs, room }: Work, tree: Tree, row: number, offset: number): number {
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
    }
  }
  return nearest;
}

/** The same for the first `count` columns of the list of open ones; returns the place in the list. */
function relaxListed({ columns, costs, room }: Work, tree: Tree, row: number, offset: number, count: number): number {
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
    }
  }
  return nearest;
}

/** Keeps cost − u − v from becoming negative along the path to come. */
function lowerPrices({ prices }: Work, { closed, closedAt }: Tree, count: number, lowest: number): void {
  for (let k = 0; k < count; k++) {
    const j = closed[k]!;
    prices[j] = prices[j]! - (lowest - closedAt[k]!);
  }
}

/** Moves each row of the path from the column through which it came to the next one. */
function shiftUnits({ holders, room }: Work, { from, entered }: Tree, sink: number): void {
  const { first, next } = holders;
  room[sink] = room[sink]! - 1;
  for (let column = sink; column >= 0; ) {
    const row = from[column]!;
    const before = entered[row]!;
    if (before >= 0) unlink(holders, row, before);
    next[row] = first[column]!;
    first[column] = row;
    column = before;
  }
}

function unlink({ first, next }: Holders, row: number, column: number): void {
  if (first[column] === row) {
    first[column] = next[row]!;
    return;
  }
  let before = first[column]!;
  while (next[before] !== row) before = next[before]!;
  next[before] = next[row]!;
}
