import type { PlanState } from './objective.ts';

/** Improvements smaller than this part of the cost are rounding. */
const LEAST_GAIN = 1e-12;

/**
 * Moves and swaps rows as long as that saves cost, never leaving more rows without a column; returns what was saved.
 *
 * Cost  O(n·m + n²) a round, at most `rounds` of them.
 */
export function improve(state: PlanState, rounds: number): number {
  let saved = 0;
  for (let round = 0; round < rounds; round++) {
    const before = saved;
    for (let row = 0; row < state.columns.length; row++) saved += bestMove(state, row) + bestSwap(state, row);
    if (saved === before) break;
  }
  return saved;
}

function bestMove(state: PlanState, row: number): number {
  if (state.columns[row]! < 0) return 0;
  let [best, least] = [-1, -LEAST_GAIN * (1 + Math.abs(state.savingOfRemoving(row)))];
  for (let column = 0; column < state.room.length; column++) {
    if (state.room[column]! <= 0 || !state.canServe(row, column)) continue;
    const change = state.costOfMoving(row, column);
    if (change < least) [best, least] = [column, change];
  }
  if (best < 0) return 0;
  state.move(row, best);
  return -least;
}

/** Also with a row that has no column: which row is left out is chosen, too. */
function bestSwap(state: PlanState, row: number): number {
  let [best, least] = [-1, -LEAST_GAIN * (1 + Math.abs(state.savingOfRemoving(row)))];
  for (let other = row + 1; other < state.columns.length; other++) {
    const change = state.costOfSwapping(row, other);
    if (change < least) [best, least] = [other, change];
  }
  if (best < 0) return 0;
  state.swap(row, best);
  return -least;
}
