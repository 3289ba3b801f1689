/**
 * Weighted round robin, smooth: of the weights 5, 1, 1 come `a a b a c a a`, never five times the same in a row.
 *
 * Each endpoint that may serve gains its weight; the one with the most is picked and pays the sum of what was gained.
 *
 * Source  nginx, src/http/ngx_http_upstream_round_robin.c, ngx_http_upstream_get_peer (without the weights that
 *         recover after failures: here an endpoint that fails is ejected or not).
 * Cost    pick O(eligible); allocates nothing.
 * Order   equal balances: the first in membership's order, which then pays; over a cycle shares are exact.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Avoid, PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';
import { grownFloat64 } from '../load/grow.ts';
import { savedArrays } from '../load/saved.ts';

export const WeightedRoundRobinOptions = /* @__PURE__ */ (() =>
  z.strictObject({ type: z.literal('weighted-round-robin') }))();
export type WeightedRoundRobinOptions = z.input<typeof WeightedRoundRobinOptions>;

export const weightedRoundRobin: PolicyDefinition<'weighted-round-robin', WeightedRoundRobinOptions> = {
  type: 'weighted-round-robin',
  create: () => {
    const smooth = new SmoothTurns();
    return {
      update: (members) => smooth.update(members),
      setEligible: (slot, eligible) => smooth.setEligible(slot, eligible),
      pick: (_request, avoid) => smooth.pick(avoid),
      done: () => undefined,
      save: () => smooth.save(),
    };
  },
};

class SmoothTurns {
  readonly #eligible = new EligibleSet();
  #balances = new Float64Array(0);
  /** The sum of the eligible weights to which the balances are in proportion; 0 before the first pick. */
  readonly #cycle = new Float64Array(1);
  #changed = false;

  update(members: readonly Endpoint[]): void {
    this.#eligible.update(members, (slot) => {
      this.#balances = grownFloat64(this.#balances, slot);
      this.#balances[slot] = 0;
    });
    this.#changed = true;
  }

  setEligible(slot: number, eligible: boolean): void {
    if (!this.#eligible.set(slot, eligible)) return;
    this.#balances[slot] = 0;
    this.#changed = true;
  }

  pick(avoid: Avoid | null): number {
    if (this.#changed) this.#rescale();
    const { slots, count } = this.#eligible;
    const balances = this.#balances;
    let gained = 0;
    let best = -1;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      if (avoid?.has(slot)) continue;
      const weight = this.#eligible.weightOf(slot);
      gained += weight;
      balances[slot]! += weight;
      if (best < 0 || balances[slot]! > balances[best]!) best = slot;
    }
    if (best >= 0) balances[best]! -= gained;
    return best;
  }

  save(): () => void {
    const restore = savedArrays(this.#balances, this.#cycle);
    const changed = this.#changed;
    return () => {
      restore();
      this.#changed = changed;
    };
  }

  /**
   * Balances lie between minus and plus the cycle. After a heavy endpoint left, those of the light ones would be many cycles of
   * what remains, and one of them would be picked again and again: so they shrink or grow with the cycle.
   */
  #rescale(): void {
    const { slots, count } = this.#eligible;
    let cycle = 0;
    for (let i = 0; i < count; i++) cycle += this.#eligible.weightOf(slots[i]!);
    const previous = this.#cycle[0]!;
    if (previous > 0 && cycle !== previous) {
      for (let i = 0; i < count; i++) this.#balances[slots[i]!]! *= cycle / previous;
    }
    if (cycle > 0) this.#cycle[0] = cycle;
    this.#changed = false;
  }
}
