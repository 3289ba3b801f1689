import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../kernel/endpoint.ts';
import type { PickRequest, Policy } from '../kernel/policy.ts';
import { InFlightCounts } from '../load/in-flight.ts';
import { endpoints, pickRequest, policyDeps, seededRng } from '../testing/index.ts';
import { createPolicy } from './registry.ts';

const SLOTS = 24;
const WEIGHTS = [0, 0.5, 1, 1, 1, 3, 100];
const OPERATIONS = 250_000;

interface Walk {
  readonly wrapped: object;
  readonly factor: number;
  readonly mostCost: number;
}

/** Members, verdicts, picks and outcomes at random, beside the plainest account of who may have how much. */
class Churn {
  picks = 0;
  readonly #walk: Walk;
  readonly #rng = seededRng(7);
  readonly #inFlight = new InFlightCounts();
  readonly #policy: Policy;
  readonly #request: PickRequest = pickRequest();
  readonly #outcome = { ok: true, latencyMs: 1 };
  readonly #down = new Set<number>();
  readonly #underWay: { slot: number; cost: number }[] = [];
  #members: Endpoint[] = [];

  constructor(walk: Walk) {
    this.#walk = walk;
    const deps = policyDeps({ rng: this.#rng, inFlight: this.#inFlight });
    this.#policy = createPolicy({ type: 'bounded-load', factor: walk.factor, policy: walk.wrapped } as never, deps);
    this.#change();
  }

  step(): void {
    const draw = this.#rng.below(2000);
    if (draw === 0) this.#change();
    else if (draw < 20) this.#flip(this.#rng.below(SLOTS));
    // Between an empty pool and one with about 200 under way.
    else if (draw < 1100 && this.#underWay.length < 200) this.#pick();
    else this.#finish();
  }

  #change(): void {
    const rng = this.#rng;
    const kept = Array.from({ length: SLOTS }, (_, slot) => slot).filter(() => rng.below(4) > 0);
    this.#members = endpoints(kept.map((slot) => ({ slot, weight: WEIGHTS[rng.below(WEIGHTS.length)]! })));
    for (const slot of this.#down) if (!kept.includes(slot)) this.#down.delete(slot);
    this.#policy.update(this.#members);
  }

  #flip(slot: number): void {
    const eligible = this.#down.has(slot);
    if (eligible) this.#down.delete(slot);
    else if (this.#members.some((member) => member.slot === slot)) this.#down.add(slot);
    this.#policy.setEligible(slot, eligible);
  }

  #pick(): void {
    const rng = this.#rng;
    // Every other request is for the same key.
    this.#request.key = rng.below(2) === 0 ? 'hot' : `k${rng.below(1000)}`;
    this.#request.cost = 1 + rng.below(this.#walk.mostCost);
    const slot = this.#policy.pick(this.#request, null);
    if (this.#request.jump !== 0) expect(this.#request.jump).toBe(0);
    this.#check(slot);
    if (slot < 0) return;
    this.#inFlight.start(slot, this.#request.cost);
    this.#underWay.push({ slot, cost: this.#request.cost });
    this.picks++;
  }

  /** The bound as the papers have it: with the request an endpoint has at most ceil(bound), plus what it costs above 1. */
  #check(slot: number): void {
    const eligible = this.#members.filter((member) => member.weight > 0 && !this.#down.has(member.slot));
    const picked = eligible.find((member) => member.slot === slot);
    if (picked === undefined) {
      expect([slot, eligible.length]).toEqual([-1, 0]);
      return;
    }
    const total = eligible.reduce((sum, { weight }) => sum + weight, 0);
    const { cost } = this.#request;
    const bound = (this.#walk.factor * (this.#inFlight.total() + cost) * picked.weight) / total;
    // Sums of these weights are exact; a product may be off by a few of its last bits.
    const most = Math.ceil(bound * (1 + 1e-12)) - 1 + cost;
    const after = this.#inFlight.of(slot) + cost;
    if (after > most) expect(after).toBeLessThanOrEqual(most);
  }

  #finish(): void {
    if (this.#underWay.length === 0) return;
    const index = this.#rng.below(this.#underWay.length);
    const ended = this.#underWay[index]!;
    this.#underWay[index] = this.#underWay.at(-1)!;
    this.#underWay.pop();
    this.#inFlight.finish(ended.slot, ended.cost);
    this.#policy.done(ended.slot, this.#outcome);
  }
}

describe('bounded-load under churn', () => {
  test.each<Walk>([
    { wrapped: { type: 'ring-hash', virtualNodes: 20 }, factor: 1.25, mostCost: 1 },
    { wrapped: { type: 'ring-hash', virtualNodes: 20 }, factor: 1.25, mostCost: 9 },
    { wrapped: { type: 'maglev', tableSize: 257 }, factor: 1.25, mostCost: 1 },
    { wrapped: { type: 'maglev', tableSize: 257 }, factor: 2, mostCost: 9 },
    { wrapped: { type: 'rendezvous' }, factor: 1.25, mostCost: 1 },
    { wrapped: { type: 'rendezvous' }, factor: 1, mostCost: 9 },
    { wrapped: { type: 'ip-hash' }, factor: 1.25, mostCost: 1 },
    { wrapped: { type: 'ip-hash' }, factor: 1, mostCost: 1 },
  ])('$wrapped.type, c = $factor, costs up to $mostCost: nobody ever gets beyond its bound', (walk) => {
    const churn = new Churn(walk);
    for (let i = 0; i < OPERATIONS; i++) churn.step();
    expect(churn.picks).toBeGreaterThan(OPERATIONS / 3);
  });
});
