/**
 * Linear regressions that learn answer by answer, forget slowly, and know how sure they are: one for each row.
 *
 * Each starts from a prior belief, and the uncertainty grows a little with each answer, up to that of the prior: features that
 * stand still, such as the hour, would otherwise grow uncertain without end.
 *
 * Source  recursive least squares as a Kalman filter with drift: Haykin, "Adaptive filter theory", ch. 14.
 * Cost    `predict` O(features), the rest O(features²); allocates only in `forget`, when a row is higher than any before.
 * Errors  none.
 */
import { grownFloat64 } from './grow.ts';

/** One coefficient: the feature it multiplies, and what is believed of it at first. */
export interface Coefficient {
  /** The feature's place. */
  readonly place: number;
  readonly mean: number;
  readonly variance: number;
  /** Predictions take it for no less; what is learned may be. */
  readonly least?: number;
}

/** This part of the prior's variance comes back with each answer: a thousand answers are remembered. */
const DRIFT = 0.001;

/** Far beyond any sensible coefficient; keeps predictions finite whatever was learned. */
const MOST = 100;

export class LeastSquares {
  readonly #prior: readonly Coefficient[];
  readonly #size: number;
  readonly #places: Int32Array;
  readonly #least: Float64Array;
  #means = new Float64Array(0);
  /** The covariance of a row's coefficients, line by line. */
  #covariance = new Float64Array(0);
  /** Scratch: covariance × features, of the latest `spread`. */
  readonly #gain: Float64Array;

  constructor(prior: readonly Coefficient[]) {
    this.#prior = prior;
    this.#size = prior.length;
    this.#places = Int32Array.from(prior, ({ place }) => place);
    this.#least = Float64Array.from(prior, ({ least = -MOST }) => least);
    this.#gain = new Float64Array(prior.length);
  }

  /** Back to the prior; to be called before a row is used. */
  forget(row: number): void {
    const size = this.#size;
    this.#means = grownFloat64(this.#means, row, size);
    this.#covariance = grownFloat64(this.#covariance, row, size * size);
    this.#covariance.fill(0, row * size * size, (row + 1) * size * size);
    this.#prior.forEach(({ mean, variance }, i) => {
      this.#means[row * size + i] = mean;
      this.#covariance[(row * size + i) * size + i] = variance;
    });
  }

  predict(row: number, features: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < this.#size; i++) sum += this.term(row, features, i);
    return sum;
  }

  /** What one coefficient adds to the prediction. */
  term(row: number, features: Float64Array, i: number): number {
    return Math.max(this.#least[i]!, this.#means[row * this.#size + i]!) * features[this.#places[i]!]!;
  }

  /** The prediction by what was learned alone: what an error is counted from. */
  fitted(row: number, features: Float64Array): number {
    const size = this.#size;
    let sum = 0;
    for (let i = 0; i < size; i++) sum += this.#means[row * size + i]! * features[this.#places[i]!]!;
    return sum;
  }

  /** The variance of the prediction. */
  spread(row: number, features: Float64Array): number {
    const size = this.#size;
    let variance = 0;
    for (let i = 0; i < size; i++) {
      let gain = 0;
      for (let j = 0; j < size; j++)
        gain += this.#covariance[(row * size + i) * size + j]! * features[this.#places[j]!]!;
      this.#gain[i] = gain;
      variance += gain * features[this.#places[i]!]!;
    }
    // Rounding must not make it more than certain.
    return Math.max(0, variance);
  }

  /** Learns from the features of the latest `spread`: how far `fitted` was off, and the variance of that. */
  correct(row: number, error: number, variance: number): void {
    const size = this.#size;
    for (let i = 0; i < size; i++) {
      const learned = this.#means[row * size + i]! + (this.#gain[i]! / variance) * error;
      this.#means[row * size + i] = Math.min(MOST, Math.max(-MOST, learned));
      const line = (row * size + i) * size;
      for (let j = 0; j < size; j++) this.#covariance[line + j]! -= (this.#gain[i]! * this.#gain[j]!) / variance;
      this.#widen(line + i, this.#prior[i]!.variance);
    }
  }

  #widen(diagonal: number, prior: number): void {
    const room = prior - this.#covariance[diagonal]!;
    if (room > 0) this.#covariance[diagonal]! += Math.min(room, DRIFT * prior);
  }
}
