/**
 * A small neural network for all slots together, trained answer by answer.
 *
 * One hidden layer of 8 tanh units corrects a rule: latency × (in-flight + 1). Its output weights start at 0, so an untrained
 * network is the rule; the hidden weights start at fixed pseudo-random numbers, so the same answers teach the same. All
 * endpoints train one network: what it learns holds for a newcomer too, but it knows endpoints by their features alone.
 *
 * Source  Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", Nature 323, 1986; steps:
 *         Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
 * Cost    O(features × units) for each prediction and answer; about 2 kB altogether; allocates only when made.
 * Errors  none.
 */
import { createRng } from '../kernel/rng.ts';
import { COSINE, FAILURES, FEATURES, IN_FLIGHT, LATENCY, type LatencyFeatures, SINE } from './latency-features.ts';
import type { LatencyModel } from './latency-model.ts';

const D = FEATURES.length;
const UNITS = 8;
/** Hidden weights unit by unit, then output weights, then the output's bias. */
const OUTPUT = UNITS * D;
const WEIGHTS = OUTPUT + UNITS + 1;
const SEED = 1;

/** Bring each feature to about −1 to 1: 2 picks in flight and 20 ms are in the middle. */
const CENTRE = [0, 1, 3, 0, 0, 0];
const SCALE = [1, 1 / 2, 1 / 3, 1, 1, 1];

/** Adam's constants as published. */
const STEP = 1e-3;
const FIRST_MOMENT = 0.9;
const SECOND_MOMENT = 0.999;
const EPSILON = 1e-8;

/** In logarithms, as of the linear model. */
const MOST_SURPRISE = 4;
/** The rule is right within a factor of e⁴ = 55. */
const MOST_CORRECTION = 4;

export class NeuralLatencyModel implements LatencyModel {
  readonly #weights = new Float64Array(WEIGHTS);
  readonly #first = new Float64Array(WEIGHTS);
  readonly #second = new Float64Array(WEIGHTS);
  readonly #hidden = new Float64Array(UNITS);
  readonly #inputs = new Float64Array(D);
  /** The two moments' biases, β₁ᵗ and β₂ᵗ. */
  readonly #bias = new Float64Array([1, 1]);

  constructor() {
    const rng = createRng(SEED);
    // Glorot and Bengio's range for so many inputs and units.
    const range = Math.sqrt(6 / (D + UNITS));
    for (let i = 0; i < OUTPUT; i++) this.#weights[i] = range * (2 * rng.next() - 1);
  }

  predict(_slot: number, features: LatencyFeatures): number {
    return features[LATENCY]! + features[IN_FLIGHT]! + this.#correction(features);
  }

  deviation(): number {
    return 0;
  }

  learn(slot: number, features: LatencyFeatures, logMs: number): void {
    const error = this.predict(slot, features) - logMs;
    const surprise = Math.min(MOST_SURPRISE, Math.max(-MOST_SURPRISE, error));
    this.#bias[0]! *= FIRST_MOMENT;
    this.#bias[1]! *= SECOND_MOMENT;
    for (let unit = 0; unit < UNITS; unit++) {
      const hidden = this.#hidden[unit]!;
      const back = surprise * this.#weights[OUTPUT + unit]! * (1 - hidden * hidden);
      this.#step(OUTPUT + unit, surprise * hidden);
      for (let i = 0; i < D; i++) this.#step(unit * D + i, back * this.#inputs[i]!);
    }
    this.#step(WEIGHTS - 1, surprise);
  }

  /** The network knows no slots. */
  forget(): void {}

  /** The rule, and how much of the correction goes with each feature: what is lost when it has its middle value. */
  contributions(_slot: number, features: LatencyFeatures): Record<string, number> {
    const correction = this.#correction(features);
    const without = (place: number) => {
      const changed = features.slice();
      changed[place] = CENTRE[place]!;
      return correction - this.#correction(changed);
    };
    const [inFlight, latency, failures, sine, cosine] = [IN_FLIGHT, LATENCY, FAILURES, SINE, COSINE].map(without);
    return {
      rule: features[LATENCY]! + features[IN_FLIGHT]!,
      inFlight: inFlight!,
      latency: latency!,
      failures: failures!,
      timeOfDay: sine! + cosine!,
    };
  }

  #correction(features: LatencyFeatures): number {
    const weights = this.#weights;
    const inputs = this.#inputs;
    for (let i = 0; i < D; i++) inputs[i] = (features[i]! - CENTRE[i]!) * SCALE[i]!;
    let sum = weights[WEIGHTS - 1]!;
    for (let unit = 0; unit < UNITS; unit++) {
      let input = 0;
      for (let i = 0; i < D; i++) input += weights[unit * D + i]! * inputs[i]!;
      const hidden = Math.tanh(input);
      this.#hidden[unit] = hidden;
      sum += weights[OUTPUT + unit]! * hidden;
    }
    return Math.min(MOST_CORRECTION, Math.max(-MOST_CORRECTION, sum));
  }

  #step(place: number, gradient: number): void {
    const first = FIRST_MOMENT * this.#first[place]! + (1 - FIRST_MOMENT) * gradient;
    const second = SECOND_MOMENT * this.#second[place]! + (1 - SECOND_MOMENT) * gradient * gradient;
    this.#first[place] = first;
    this.#second[place] = second;
    const unbiased = first / (1 - this.#bias[0]!);
    this.#weights[place]! -= (STEP * unbiased) / (Math.sqrt(second / (1 - this.#bias[1]!)) + EPSILON);
  }
}
