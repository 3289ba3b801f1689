/**
 * Power of two choices: draw two distinct endpoints, take the one with fewer picks in flight per weight.
 *
 * Up to 8 eligible endpoints are all compared: of 2 endpoints, a drawn pair in which the same may come twice takes the
 * busier one in a quarter of the picks, and a look at 8 costs no more than the draws.
 *
 * Source  Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 12(10):1094-1104, 2001.
 * Cost    pick O(1), O(n) when most are to be avoided; allocates nothing.
 * Order   ties are drawn in proportion to the weights.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Avoid, PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';

export const P2cOptions = /* @__PURE__ */ (() => z.strictObject({ type: z.literal('p2c') }))();
export type P2cOptions = z.input<typeof P2cOptions>;

const SCAN_LIMIT = 8;

/** With half of the endpoints avoided, three pairs in four hold an avoided one: one pick in ten falls back to a scan. */
const PAIRS = 8;

export const p2c: PolicyDefinition<'p2c', P2cOptions> = {
  type: 'p2c',
  create: (_options, { rng, inFlight }) => {
    const eligible = new EligibleSet();

    function scoreOf(slot: number): number {
      return inFlight.of(slot) / eligible.weightOf(slot);
    }

    function leastOfTwo(a: number, b: number): number {
      const difference = scoreOf(a) - scoreOf(b);
      if (difference !== 0) return difference < 0 ? a : b;
      const weightA = eligible.weightOf(a);
      const weightB = eligible.weightOf(b);
      // The pair was drawn in order, so among equal weights the first is drawn already.
      return weightA === weightB || rng.next() * (weightA + weightB) < weightA ? a : b;
    }

    function leastOfAll(avoid: Avoid | null): number {
      let best = -1;
      let leastScore = 0;
      let tiedWeight = 0;
      for (let i = 0; i < eligible.count; i++) {
        const slot = eligible.slots[i]!;
        if (avoid?.has(slot)) continue;
        const score = scoreOf(slot);
        if (best >= 0 && score > leastScore) continue;
        const weight = eligible.weightOf(slot);
        const tied = best >= 0 && score === leastScore;
        tiedWeight = tied ? tiedWeight + weight : weight;
        if (tied && rng.next() * tiedWeight >= weight) continue;
        best = slot;
        leastScore = score;
      }
      return best;
    }

    function leastOfDrawn(avoid: Avoid | null): number {
      const { slots, count } = eligible;
      for (let pairs = 0; pairs < PAIRS; pairs++) {
        const first = rng.below(count);
        // Numbering the others 0..n−2 keeps pairs uniform; nudging only collisions favours neighbours.
        const other = rng.below(count - 1);
        const a = slots[first]!;
        const b = slots[other < first ? other : other + 1]!;
        if (avoid === null || !(avoid.has(a) || avoid.has(b))) return leastOfTwo(a, b);
      }
      return leastOfAll(avoid);
    }

    return {
      update: (members) => eligible.update(members),
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick: (_request, avoid) => (eligible.count <= SCAN_LIMIT ? leastOfAll(avoid) : leastOfDrawn(avoid)),
      done: () => undefined,
    };
  },
};
