/**
 * A linear model of the logarithm of latency: what picks in flight, recent latency and failures do is learned from all
 * endpoints together, what an endpoint adds, and at which hour, from its own answers.
 *
 * It starts from a belief instead of zero: latency grows with the recent latency and with the picks in flight, in
 * proportion. What is learned are deviations from that, more of them the more is seen, so an endpoint without data is
 * judged sensibly. The two parts are corrected by each answer in proportion to their uncertainty, as if independent.
 *
 * Source  Li, Chu, Langford and Schapire, "A contextual-bandit approach to personalized news article recommendation", WWW
 *         2010: the hybrid linear models of LinUCB; the prior and the forgetting are ours.
 * Cost    O(features²) for `deviation` and `learn`, O(features) for `predict`; 96 bytes a slot; allocates only in `forget`,
 *         when a slot is higher than any before.
 * Errors  none.
 */
import {
  BIAS,
  COSINE,
  FAILURES,
  FEATURES,
  IN_FLIGHT,
  LATENCY,
  type LatencyFeatures,
  SINE,
} from './latency-features.ts';
import type { LatencyModel } from './latency-model.ts';
import { type Coefficient, LeastSquares } from './least-squares.ts';

/**
 * latency × (in-flight + 1), exponents 1 ± 0.14 and ± 0.1; e² = 7 times that where everything fails. While nobody has a queue,
 * picks in flight seem to cost nothing: to believe that would make the queue that teaches otherwise.
 */
const SHARED: readonly Coefficient[] = [
  { place: IN_FLIGHT, mean: 1, variance: 0.02, least: 0.5 },
  { place: LATENCY, mean: 1, variance: 0.01 },
  { place: FAILURES, mean: 2, variance: 1 },
];
const EVERYONE = 0;

/** A third more or less. */
const OWN: readonly Coefficient[] = [
  { place: BIAS, mean: 0, variance: 0.1 },
  { place: SINE, mean: 0, variance: 0.1 },
  { place: COSINE, mean: 0, variance: 0.1 },
];

/** Of the logarithm of an exponentially distributed latency: π²/6. */
const NOISE_VARIANCE = 1.64;

/** An answer a hundred thousand times as slow as expected teaches no more than one that is e⁴ = 55 times as slow. */
const MOST_SURPRISE = 4;

export class LinearLatencyModel implements LatencyModel {
  readonly #shared = new LeastSquares(SHARED);
  readonly #own = new LeastSquares(OWN);

  constructor() {
    this.#shared.forget(EVERYONE);
  }

  predict(slot: number, features: LatencyFeatures): number {
    return this.#shared.predict(EVERYONE, features) + this.#own.predict(slot, features);
  }

  deviation(slot: number, features: LatencyFeatures): number {
    return Math.sqrt(this.#shared.spread(EVERYONE, features) + this.#own.spread(slot, features));
  }

  learn(slot: number, features: LatencyFeatures, logMs: number): void {
    const error = logMs - this.#shared.fitted(EVERYONE, features) - this.#own.fitted(slot, features);
    const surprise = Math.min(MOST_SURPRISE, Math.max(-MOST_SURPRISE, error));
    const variance = NOISE_VARIANCE + this.#shared.spread(EVERYONE, features) + this.#own.spread(slot, features);
    this.#shared.correct(EVERYONE, surprise, variance);
    this.#own.correct(slot, surprise, variance);
  }

  forget(slot: number): void {
    this.#own.forget(slot);
  }

  contributions(slot: number, features: LatencyFeatures): Record<string, number> {
    const terms = (part: LeastSquares, row: number, coefficients: readonly Coefficient[]) =>
      coefficients.map(({ place }, i) => [FEATURES[place]!, part.term(row, features, i)] as const);
    return Object.fromEntries([...terms(this.#shared, EVERYONE, SHARED), ...terms(this.#own, slot, OWN)]);
  }
}
