/**
 * Ant colony: picks are ants, endpoints are trails, and a trail smells the stronger the sooner its ants come home.
 *
 * An answer evaporates its trail's pheromone by the time since the last deposit, e = 1 − exp(−Δt/T), and deposits
 * e × 1/latency: how strong a trail is does not depend on how many walk it, or a busy one would stay the busiest. A
 * failure deposits nothing and takes half. An endpoint's desirability is pheromone^α × heuristic^β × weight, the heuristic
 * being 1/(in-flight + 1). All but the share ε of the picks take the most desirable endpoint, the others draw one in
 * proportion to desirability. A newcomer smells as an endpoint of the usual latency does.
 *
 * Source  Dorigo and Gambardella, "Ant colony system", IEEE Trans. Evol. Comput. 1(1), 1997: the choice, and that a trail
 *         evaporates where ants walk; the bounds: Stützle and Hoos, "MAX–MIN ant system", Future Gener. Comput. Syst.
 *         16(8), 2000; evaporation by time is ours.
 * Cost    pick O(eligible) up to 64, then 8 draws of O(log n); allocates nothing.
 * Order   ties are drawn in proportion to the weights.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Outcome } from '../kernel/outcome.ts';
import type { Avoid, Policy, PolicyDefinition, PolicyDeps } from '../kernel/policy.ts';
import { Candidates } from '../load/candidates.ts';
import { grownFloat64 } from '../load/grow.ts';
import { NeutralLatency } from '../load/neutral-latency.ts';

const DEFAULT_EVAPORATION_MS = 2000;
const DEFAULT_EXPLORATION = 0.05;
const DEFAULT_ALPHA = 2;
const DEFAULT_BETA = 1;

export const AntColonyOptions = /* @__PURE__ */ (() =>
  z.strictObject({
    type: z.literal('ant-colony'),
    evaporationMs: z
      .number()
      .min(1)
      .max(3_600_000)
      .default(DEFAULT_EVAPORATION_MS)
      .describe('How fast pheromone evaporates: after this many milliseconds 37 % is left.'),
    exploration: z
      .number()
      .min(0)
      .max(1)
      .default(DEFAULT_EXPLORATION)
      .describe('The share of picks that draw in proportion to desirability; the others take the most desirable.'),
    alpha: z.number().min(0).max(5).default(DEFAULT_ALPHA).describe('The exponent of the pheromone.'),
    beta: z.number().min(0).max(5).default(DEFAULT_BETA).describe('The exponent of 1 / (in-flight + 1).'),
  }))();
export type AntColonyOptions = z.input<typeof AntColonyOptions>;

export const antColony: PolicyDefinition<'ant-colony', AntColonyOptions> = {
  type: 'ant-colony',
  create: (options, deps) => new AntColony(options, deps),
};

/** Candidates of an exploring or exploiting pick where not all are compared. */
const CHOICES = 8;

/** An answer in no time deposits as much as one in a quarter of the usual time: 1/latency has no mean otherwise. */
const FASTEST_SHARE = 1 / 4;

/** τ_min / τ_max, ten times the usual latency: a trail that smells of nothing would never be walked again. */
const LEAST_SHARE = 1 / 40;

const FAILURE_KEEPS = 0.5;

/** Below every usual latency; keeps 1/latency finite. */
const LEAST_MS = 1e-3;

class AntColony implements Policy {
  readonly #deps: PolicyDeps;
  readonly #exploration: number;
  readonly #alpha: number;
  readonly #beta: number;
  readonly #evaporationMs: number;
  readonly #usual = new NeutralLatency();
  readonly #candidates: Candidates;
  #pheromone = new Float64Array(0);
  /** When a trail got its last deposit; NaN: never. */
  #depositedAt = new Float64Array(0);
  /** Scratch: the desirability of the candidates up to and with the one in the same place. */
  #cumulated = new Float64Array(0);
  readonly #cost = (slot: number): number => -this.#desirabilityOf(slot);

  constructor(options: Omit<AntColonyOptions, 'type'>, deps: PolicyDeps) {
    this.#deps = deps;
    this.#evaporationMs = options.evaporationMs ?? DEFAULT_EVAPORATION_MS;
    this.#exploration = options.exploration ?? DEFAULT_EXPLORATION;
    this.#alpha = options.alpha ?? DEFAULT_ALPHA;
    this.#beta = options.beta ?? DEFAULT_BETA;
    this.#candidates = new Candidates(CHOICES, deps.rng);
  }

  update(members: readonly Endpoint[]): void {
    this.#candidates.update(members, (slot) => {
      this.#pheromone = grownFloat64(this.#pheromone, slot);
      this.#depositedAt = grownFloat64(this.#depositedAt, slot);
      this.#depositedAt[slot] = Number.NaN;
    });
    this.#cumulated = new Float64Array(Math.max(members.length, CHOICES));
  }

  setEligible(slot: number, eligible: boolean): void {
    this.#candidates.setEligible(slot, eligible);
  }

  pick(_request: unknown, avoid: Avoid | null): number {
    const explores = this.#deps.rng.next() < this.#exploration;
    return explores ? this.#draw(avoid) : this.#candidates.least(avoid, this.#cost);
  }

  done(slot: number, outcome: Outcome): void {
    this.#usual.record(outcome);
    // An outcome may come after its endpoint left, not from one that was never here.
    if (slot >= this.#depositedAt.length) return;
    if (!outcome.ok) this.#set(slot, this.#pheromoneOf(slot) * FAILURE_KEEPS);
    else if (outcome.latencyMs >= 0) this.#deposit(slot, outcome.latencyMs);
  }

  explain(slot: number): Record<string, number | string> {
    const { slots, count } = this.#candidates.eligible;
    const total = slots.subarray(0, count).reduce((sum, each) => sum + this.#desirabilityOf(each), 0);
    const own = this.#desirabilityOf(slot);
    return {
      pheromone: this.#pheromoneOf(slot),
      heuristic: 1 / (this.#deps.inFlight.of(slot) + 1),
      weight: this.#candidates.eligible.weightOf(slot),
      desirability: own,
      shareOfExploring: total > 0 ? own / total : 0,
      why: Number.isNaN(this.#depositedAt[slot]!) ? 'no answer yet: the usual latency' : 'its own answers',
    };
  }

  /** A roulette. */
  #draw(avoid: Avoid | null): number {
    const candidates = this.#candidates;
    candidates.gather(avoid);
    const { slots, count } = candidates;
    let total = 0;
    for (let i = 0; i < count; i++) {
      total += this.#desirabilityOf(slots[i]!);
      this.#cumulated[i] = total;
    }
    const point = this.#deps.rng.next() * total;
    for (let i = 0; i < count; i++) if (point < this.#cumulated[i]!) return slots[i]!;
    // Rounding may push a point to the end.
    return count > 0 ? slots[count - 1]! : -1;
  }

  #desirabilityOf(slot: number): number {
    const heuristic = 1 / (this.#deps.inFlight.of(slot) + 1);
    const pheromone = this.#pheromoneOf(slot) * this.#leastMs();
    return power(pheromone, this.#alpha) * power(heuristic, this.#beta) * this.#candidates.eligible.weightOf(slot);
  }

  #deposit(slot: number, latencyMs: number): void {
    const trail = 1 / Math.max(latencyMs, this.#leastMs());
    const depositedAt = this.#depositedAt[slot]!;
    const sinceMs = this.#deps.clock.now() - depositedAt;
    const evaporated = Number.isNaN(depositedAt) ? 1 : -Math.expm1(-sinceMs / this.#evaporationMs);
    this.#set(slot, this.#pheromoneOf(slot) * (1 - evaporated) + trail * evaporated);
  }

  #set(slot: number, pheromone: number): void {
    this.#pheromone[slot] = pheromone;
    this.#depositedAt[slot] = this.#deps.clock.now();
  }

  /** Per millisecond, within the bounds, which follow the usual latency. */
  #pheromoneOf(slot: number): number {
    const most = 1 / this.#leastMs();
    if (Number.isNaN(this.#depositedAt[slot]!)) return most * FASTEST_SHARE;
    return Math.min(most, Math.max(most * LEAST_SHARE, this.#pheromone[slot]!));
  }

  /** 1 / τ_max: the least latency that makes a difference. */
  #leastMs(): number {
    return Math.max(this.#usual.ms, LEAST_MS) * FASTEST_SHARE;
  }
}

/** The usual exponents without a logarithm: this is called twice for each endpoint and pick. */
function power(base: number, exponent: number): number {
  if (exponent === 1) return base;
  return exponent === 2 ? base * base : base ** exponent;
}
