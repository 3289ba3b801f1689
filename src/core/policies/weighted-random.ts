/**
 * Weighted random: an eligible endpoint is drawn with a probability in proportion to its weight.
 *
 * Source  inversion: Devroye, "Non-uniform random variate generation", 1986, III.2, over a tree of sums.
 * Cost    pick O(log n), O(n) when most of the weight is to be avoided; a verdict O(log n); allocates nothing.
 * Order   none; every pick is drawn.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Avoid, PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';
import { WeightTree } from '../load/weight-tree.ts';

export const WeightedRandomOptions = /* @__PURE__ */ (() => z.strictObject({ type: z.literal('weighted-random') }))();
export type WeightedRandomOptions = z.input<typeof WeightedRandomOptions>;

/** With half of the weight avoided, one draw in 256 falls back to a scan. */
const DRAWS = 8;

export const weightedRandom: PolicyDefinition<'weighted-random', WeightedRandomOptions> = {
  type: 'weighted-random',
  create: (_options, { rng }) => {
    const eligible = new EligibleSet();
    const weights = new WeightTree();

    function drawAllowed(avoid: Avoid): number {
      for (let draws = 0; draws < DRAWS; draws++) {
        const slot = weights.find(rng.next() * weights.total);
        if (slot < 0 || !avoid.has(slot)) return slot;
      }
      return drawByScan(avoid);
    }

    /** A weighted reservoir of one. */
    function drawByScan(avoid: Avoid): number {
      let chosen = -1;
      let allowed = 0;
      for (let i = 0; i < eligible.count; i++) {
        const slot = eligible.slots[i]!;
        if (avoid.has(slot)) continue;
        const weight = eligible.weightOf(slot);
        allowed += weight;
        if (rng.next() * allowed < weight) chosen = slot;
      }
      return chosen;
    }

    return {
      update: (members) => {
        eligible.update(members);
        const highest = members.reduce((max, { slot }) => Math.max(max, slot), 0);
        weights.reset(highest + 1, (slot) => (eligible.has(slot) ? eligible.weightOf(slot) : 0));
      },
      setEligible: (slot, value) => {
        if (eligible.set(slot, value)) weights.set(slot, value ? eligible.weightOf(slot) : 0);
      },
      pick: (_request, avoid) => (avoid === null ? weights.find(rng.next() * weights.total) : drawAllowed(avoid)),
      done: () => undefined,
    };
  },
};
