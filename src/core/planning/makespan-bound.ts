import type { CostMatrix } from './cost-matrix.ts';

/**
 * A time before which no assignment of the served rows can be done; the largest of
 * - what an endpoint is busy with already;
 * - for each request, the soonest that any endpoint could be done with it alone;
 * - for k = 1, 2, …: of the k·m + 1 longest requests some endpoint has k + 1;
 * - the weighted mean of all endpoints' times, which the longest of them is never below, with the weights that make
 *   it largest: found by ascent, and a bound at every step (Held and Karp, "The traveling-salesman problem and minimum
 *   spanning trees: part II", Mathematical Programming 1, 1971). With weights as the speeds it is work / speed.
 *
 * Cost  O(n·m) for each of 100 steps of the ascent.
 */
export function makespanBound(times: CostMatrix, ready: Float64Array, served: Int32Array): number {
  const { columns, costs } = times;
  const rows = [...served.keys()].filter((row) => served[row]! >= 0);
  let bound = ready.reduce((most, each) => Math.max(most, each), 0);
  const least = new Float64Array(rows.length);
  for (const [k, row] of rows.entries()) {
    let [alone, soonest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let j = 0; j < columns; j++) {
      alone = Math.min(alone, costs[row * columns + j]!);
      soonest = Math.min(soonest, ready[j]! + costs[row * columns + j]!);
    }
    least[k] = alone;
    bound = Math.max(bound, soonest);
  }
  return Math.max(bound, pigeonholeBound(least, columns), weightedBound(times, ready, rows));
}

function pigeonholeBound(least: Float64Array, columns: number): number {
  const longest = least.slice().sort().reverse();
  let bound = 0;
  for (let k = 1; k * columns < longest.length; k++) {
    let sum = 0;
    for (let at = k * columns - k; at <= k * columns; at++) sum += longest[at]!;
    bound = Math.max(bound, sum);
  }
  return bound;
}

const STEPS = 100;
/** Lowers the bound by more than rounding can have raised it. */
const ROUNDING = 1 - 1e-12;

function weightedBound(times: CostMatrix, ready: Float64Array, rows: readonly number[]): number {
  if (rows.length === 0) return 0;
  const weights = startWeights(times, rows);
  const loads = new Float64Array(times.columns);
  let best = 0;
  for (let step = 0; step < STEPS; step++) {
    const bound = weightedMean(times, ready, rows, weights, loads);
    best = Math.max(best, bound);
    // Towards those that were given more than the mean; multiplying keeps weights positive.
    const most = loads.reduce((sum, each) => Math.max(sum, Math.abs(each - bound)), 0) || 1;
    for (let j = 0; j < weights.length; j++) {
      weights[j] = weights[j]! * Math.exp((0.5 / (1 + step / 10)) * ((loads[j]! - bound) / most));
    }
    normalise(weights);
  }
  return best * ROUNDING;
}

/** As the speeds: how much of the served rows an endpoint could do in a time. */
function startWeights({ columns, costs }: CostMatrix, rows: readonly number[]): Float64Array {
  const weights = Float64Array.from({ length: columns }, (_, j) => {
    let [sum, count] = [0, 0];
    for (const row of rows) {
      const time = costs[row * columns + j]!;
      if (time === Number.POSITIVE_INFINITY) continue;
      sum += time;
      count++;
    }
    return count === 0 || sum === 0 ? 0 : count / sum;
  });
  if (weights.every((each) => each === 0)) weights.fill(1);
  normalise(weights);
  return weights;
}

function normalise(weights: Float64Array): void {
  const sum = weights.reduce((total, each) => total + each, 0);
  for (let j = 0; j < weights.length; j++) weights[j] = weights[j]! / sum;
}

/** Σ weight·ready + Σ over rows of the least weight·time; `loads` gets what each endpoint does in that minimum. */
function weightedMean(
  { columns, costs }: CostMatrix,
  ready: Float64Array,
  rows: readonly number[],
  weights: Float64Array,
  loads: Float64Array,
): number {
  loads.set(ready);
  let mean = 0;
  for (let j = 0; j < columns; j++) mean += weights[j]! * ready[j]!;
  for (const row of rows) {
    let [best, least] = [-1, Number.POSITIVE_INFINITY];
    for (let j = 0; j < columns; j++) {
      const time = costs[row * columns + j]!;
      // Infinity times a weight of 0 is NaN.
      if (time === Number.POSITIVE_INFINITY || weights[j]! * time >= least) continue;
      [best, least] = [j, weights[j]! * time];
    }
    mean += least;
    loads[best] = loads[best]! + costs[row * columns + best]!;
  }
  return mean;
}
