/**
 * Fewest failures: the endpoint whose latest picks failed the fewest times in a row.
 *
 * Source  original.
 * Cost    pick O(eligible); allocates nothing.
 * Order   ties are drawn.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Avoid, PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';
import { grownInt32 } from '../load/grow.ts';

const DEFAULT_MOST = 10;

export const FewestFailuresOptions = /* @__PURE__ */ (() =>
  z.strictObject({
    type: z.literal('fewest-failures'),
    most: z.int().min(1).max(1000).default(DEFAULT_MOST).describe('Failures in a row are counted up to this many.'),
  }))();
export type FewestFailuresOptions = z.input<typeof FewestFailuresOptions>;

export const fewestFailures: PolicyDefinition<'fewest-failures', FewestFailuresOptions> = {
  type: 'fewest-failures',
  create: ({ most = DEFAULT_MOST }, { rng }) => {
    const eligible = new EligibleSet();
    let failures = new Int32Array(16);

    function forget(slot: number): void {
      failures = grownInt32(failures, slot);
      failures[slot] = 0;
    }

    function pick(avoid: Avoid | null): number {
      let best = -1;
      let ties = 0;
      for (let i = 0; i < eligible.count; i++) {
        const slot = eligible.slots[i]!;
        if (avoid?.has(slot)) continue;
        if (best >= 0 && failures[slot]! > failures[best]!) continue;
        ties = best >= 0 && failures[slot] === failures[best] ? ties + 1 : 1;
        // Each of k equals is kept with a chance of 1/k: in the end all are equally likely.
        if (ties === 1 || rng.below(ties) === 0) best = slot;
      }
      return best;
    }

    return {
      update: (members) => eligible.update(members, forget),
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick: (_request, avoid) => pick(avoid),
      done: (slot, { ok }) => {
        failures[slot] = ok ? 0 : Math.min(most, failures[slot]! + 1);
      },
    };
  },
};
