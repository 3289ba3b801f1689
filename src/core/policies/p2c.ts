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
import type { Avoid, PickRequest, PolicyDefinition } from '../kernel/policy.ts';
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
    let tied = new Int32Array(0);

    /** The weight counts only where there are several: a division and a read of memory less. */
    function scoreOf(slot: number): number {
      return eligible.isEven ? inFlight.of(slot) : inFlight.of(slot) / eligible.weightOf(slot);
    }

    function leastOfTwo(a: number, b: number): number {
      const difference = scoreOf(a) - scoreOf(b);
      if (difference !== 0) return difference < 0 ? a : b;
      // The pair was drawn in order, so among equal weights the first is drawn already.
      if (eligible.isEven) return a;
      const weightA = eligible.weightOf(a);
      return rng.next() * (weightA + eligible.weightOf(b)) < weightA ? a : b;
    }

    function leastOfAll(avoid: Avoid | null): number {
      const { slots, count } = eligible;
      let ties = 0;
      let leastScore = 0;
      for (let i = 0; i < count; i++) {
        const slot = slots[i]!;
        if (avoid?.has(slot)) continue;
        const score = scoreOf(slot);
        if (ties > 0 && score > leastScore) continue;
        if (score < leastScore) ties = 0;
        leastScore = score;
        tied[ties++] = slot;
      }
      if (ties < 2) return ties === 1 ? tied[0]! : -1;
      return eligible.isEven ? tied[rng.below(ties)]! : drawTied(ties);
    }

    function drawTied(ties: number): number {
      let total = 0;
      for (let i = 0; i < ties; i++) total += eligible.weightOf(tied[i]!);
      let rest = rng.next() * total;
      let last = 0;
      // What rounding leaves over is the last one's.
      while (last < ties - 1 && rest >= eligible.weightOf(tied[last]!)) rest -= eligible.weightOf(tied[last++]!);
      return tied[last]!;
    }

    function leastOfAllowedPair(avoid: Avoid): number {
      const { slots, count } = eligible;
      for (let pairs = 0; pairs < PAIRS; pairs++) {
        const first = rng.below(count);
        const a = slots[first]!;
        const b = slots[otherThan(first, rng.below(count - 1))]!;
        if (!(avoid.has(a) || avoid.has(b))) return leastOfTwo(a, b);
      }
      return leastOfAll(avoid);
    }

    /** The usual case has its code here: engines inline calls of calls only so deep. */
    function pick(_request: PickRequest, avoid: Avoid | null): number {
      const { slots, count, isEven } = eligible;
      if (count <= SCAN_LIMIT) return leastOfAll(avoid);
      if (avoid !== null) return leastOfAllowedPair(avoid);
      const first = rng.below(count);
      const a = slots[first]!;
      const b = slots[otherThan(first, rng.below(count - 1))]!;
      if (!isEven) return leastOfTwo(a, b);
      return inFlight.of(b) < inFlight.of(a) ? b : a;
    }

    return {
      update: (members) => {
        eligible.update(members);
        tied = new Int32Array(members.length);
      },
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick,
      done: () => undefined,
    };
  },
};

/**
 * Of 0..n−1 without `first`, the one numbered `other`: this keeps pairs uniform; nudging only collisions favours neighbours.
 * Adds the sign bit instead of comparing: no processor predicts a branch that chance decides.
 */
function otherThan(first: number, other: number): number {
  return other + ((first - other - 1) >>> 31);
}
