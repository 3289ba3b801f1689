/**
 * Learned: a contextual bandit. It predicts what each endpoint would take and picks the least.
 *
 * From an endpoint's picks in flight, recent latency, failure rate and the time of day a model predicts the logarithm of its
 * latency; the least of prediction − optimism × uncertainty − ln(weight) wins; scores within 0.1 are a tie. The share ε of the picks, large at first and
 * less with each answer learned from, takes any endpoint, so that none is given up for good. One pick of each endpoint at a
 * time is a sample: what it knew is kept until its answer, which teaches the model. Answers are told apart by their order,
 * the only thing known of them: one that overtakes another teaches with its neighbour's features.
 *
 * Source  Li, Chu, Langford and Schapire, "A contextual-bandit approach to personalized news article recommendation", WWW
 *         2010 (LinUCB); the features, the prior and the sampling are ours.
 * Cost    pick O(eligible × features²) up to 64, then 8 draws; an outcome O(features²); allocates nothing.
 * Order   ties are drawn in proportion to the weights.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Outcome } from '../kernel/outcome.ts';
import type { Avoid, PickRequest, Policy, PolicyDefinition, PolicyDeps } from '../kernel/policy.ts';
import { Candidates } from '../load/candidates.ts';
import { EndpointHistory, FEATURES, LATENCY, logOfOutcome } from '../load/latency-features.ts';
import type { LatencyModel } from '../load/latency-model.ts';
import { LatencySamples } from '../load/latency-samples.ts';
import { LinearLatencyModel } from '../load/linear-latency-model.ts';
import { NeuralLatencyModel } from '../load/neural-latency-model.ts';

const DEFAULT_MODEL = 'linear';
const DEFAULT_MEMORY_MS = 2000;
const DEFAULT_EXPLORATION = 0.01;
const DEFAULT_OPTIMISM = 0.3;
const DEFAULT_PERIOD_MS = 86_400_000;

export const LearnedOptions = /* @__PURE__ */ (() =>
  z.strictObject({
    type: z.literal('learned'),
    model: z
      .enum(['linear', 'neural'])
      .default(DEFAULT_MODEL)
      .describe('What predicts: a linear model for each endpoint, or one small network for all.'),
    memoryMs: z
      .number()
      .min(1)
      .max(3_600_000)
      .default(DEFAULT_MEMORY_MS)
      .describe('How long the recent latency remembers: after this many milliseconds 37 % is left.'),
    exploration: z
      .number()
      .min(0)
      .max(1)
      .default(DEFAULT_EXPLORATION)
      .describe('The share of picks that take any endpoint, once enough is learned; at first it is 0.2.'),
    optimism: z
      .number()
      .min(0)
      .max(10)
      .default(DEFAULT_OPTIMISM)
      .describe('How many standard deviations an uncertain prediction is taken for better than it is (linear only).'),
    periodMs: z
      .number()
      .min(1000)
      .max(1e12)
      .default(DEFAULT_PERIOD_MS)
      .describe('The period of the time of day, in milliseconds.'),
  }))();
export type LearnedOptions = z.input<typeof LearnedOptions>;

export const learned: PolicyDefinition<'learned', LearnedOptions> = {
  type: 'learned',
  create: (options, deps) => new Learned(options, deps),
};

/** Candidates where not all are compared. */
const CHOICES = 8;

/** ε is this until 200 answers have taught, then 40 by their number. */
const FIRST_EXPLORATION = 0.2;
const FIRST_ANSWERS = 200;

/** Predictions are not better than that: scores this close, a tenth of the latency, are a tie. */
const TIED = 0.1;

/** Keeps the count of answers a small integer. */
const MOST_ANSWERS = 1e9;

class Learned implements Policy {
  readonly #deps: PolicyDeps;
  readonly #model: LatencyModel;
  readonly #history: EndpointHistory;
  readonly #samples = new LatencySamples();
  readonly #candidates: Candidates;
  readonly #optimism: number;
  readonly #exploration: number;
  /** Scratch. */
  readonly #features = new Float64Array(FEATURES.length);
  /** Scratch: the score of the candidate in the same place. */
  #scores = new Float64Array(0);
  #answers = 0;

  constructor(options: Omit<LearnedOptions, 'type'>, deps: PolicyDeps) {
    this.#deps = deps;
    this.#model = options.model === 'neural' ? new NeuralLatencyModel() : new LinearLatencyModel();
    this.#history = new EndpointHistory(options.memoryMs ?? DEFAULT_MEMORY_MS, options.periodMs ?? DEFAULT_PERIOD_MS);
    this.#optimism = options.model === 'neural' ? 0 : (options.optimism ?? DEFAULT_OPTIMISM);
    this.#exploration = options.exploration ?? DEFAULT_EXPLORATION;
    this.#candidates = new Candidates(CHOICES, deps.rng);
  }

  update(members: readonly Endpoint[]): void {
    this.#candidates.update(members, (slot) => {
      this.#model.forget(slot);
      this.#history.forget(slot);
      this.#samples.forget(slot);
    });
    this.#scores = new Float64Array(Math.max(members.length, CHOICES));
  }

  setEligible(slot: number, eligible: boolean): void {
    this.#candidates.setEligible(slot, eligible);
  }

  pick(_request: PickRequest, avoid: Avoid | null): number {
    const explores = this.#deps.rng.next() < this.#explorationNow();
    this.#history.fillTime(this.#features, this.#deps.clock.now());
    const slot = explores ? this.#candidates.least(avoid, equal) : this.#leastOf(avoid);
    if (slot >= 0 && this.#samples.isFree(slot)) {
      const inFlight = this.#deps.inFlight.of(slot);
      this.#history.fill(this.#features, slot, inFlight);
      this.#samples.keep(slot, this.#features, inFlight);
    }
    return slot;
  }

  save(): () => void {
    return this.#samples.save();
  }

  done(slot: number, outcome: Outcome): void {
    // An outcome may come after its endpoint left, not from one that was never here.
    if (!this.#samples.knows(slot)) return;
    const nowMs = this.#deps.clock.now();
    const answered = this.#samples.countDown(slot);
    if (outcome.latencyMs < 0) return;
    if (answered) this.#learn(slot, outcome, nowMs);
    this.#history.observe(slot, outcome, nowMs);
  }

  explain(slot: number): Record<string, number | string> {
    const inFlight = this.#deps.inFlight.of(slot);
    const features = this.#features;
    this.#history.fillTime(features, this.#deps.clock.now());
    this.#history.fill(features, slot, inFlight);
    const given = FEATURES.slice(1).map((name, i) => [`feature.${name}`, features[i + 1]!] as const);
    const contributions = Object.entries(this.#model.contributions(slot, features));
    return {
      predictedMs: Math.exp(this.#model.predict(slot, features)),
      deviation: this.#model.deviation(slot, features),
      // At weight 0 there is none: it is infinite.
      ...(this.#candidates.eligible.weightOf(slot) > 0 && { score: this.#scoreOf(slot) }),
      exploration: this.#explorationNow(),
      inFlight,
      recentMs: Math.exp(features[LATENCY]!),
      ...Object.fromEntries(given),
      ...Object.fromEntries(contributions.map(([name, value]) => [`contribution.${name}`, value])),
      why: this.#history.isNew(slot)
        ? 'no answer yet: the usual latency'
        : 'the least score wins, but for exploring picks',
    };
  }

  /** Of those within `TIED` of the least score, one by weight. */
  #leastOf(avoid: Avoid | null): number {
    const { slots, count, eligible } = this.#gathered(avoid);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      this.#scores[i] = this.#scoreOf(slots[i]!);
      least = Math.min(least, this.#scores[i]!);
    }
    let chosen = -1;
    let tiedWeight = 0;
    for (let i = 0; i < count; i++) {
      if (this.#scores[i]! > least + TIED) continue;
      const weight = eligible.weightOf(slots[i]!);
      tiedWeight += weight;
      if (chosen < 0 || this.#deps.rng.next() * tiedWeight < weight) chosen = slots[i]!;
    }
    return chosen;
  }

  #gathered(avoid: Avoid | null): Candidates {
    this.#candidates.gather(avoid);
    return this.#candidates;
  }

  #explorationNow(): number {
    const annealed = (FIRST_EXPLORATION * FIRST_ANSWERS) / Math.max(FIRST_ANSWERS, this.#answers);
    return this.#exploration === 0 ? 0 : Math.max(this.#exploration, annealed);
  }

  /** For features whose time is filled in. */
  #scoreOf(slot: number): number {
    const features = this.#features;
    this.#history.fill(features, slot, this.#deps.inFlight.of(slot));
    const predicted = this.#model.predict(slot, features) - Math.log(this.#candidates.eligible.weightOf(slot));
    return this.#optimism === 0 ? predicted : predicted - this.#optimism * this.#model.deviation(slot, features);
  }

  #learn(slot: number, outcome: Outcome, nowMs: number): void {
    this.#samples.fill(this.#features, slot);
    this.#history.fillTime(this.#features, nowMs);
    this.#model.learn(slot, this.#features, logOfOutcome(outcome));
    if (this.#answers < MOST_ANSWERS) this.#answers++;
  }
}

/** What an exploring pick finds: a tie, which is drawn by weight. */
function equal(): number {
  return 0;
}
