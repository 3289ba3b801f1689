/**
 * Random: every eligible endpoint is equally likely, weights ignored.
 *
 * Source  Azar, Broder, Karlin and Upfal, "Balanced allocations", SIAM J. Comput. 29(1), 1999 (the case of one choice).
 * Cost    pick O(1), O(n) when most are to be avoided; allocates nothing.
 * Order   none; every pick is drawn.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';

export const RandomOptions = /* @__PURE__ */ (() => z.strictObject({ type: z.literal('random') }))();
export type RandomOptions = z.input<typeof RandomOptions>;

export const random: PolicyDefinition<'random', RandomOptions> = {
  type: 'random',
  ignoresWeights: true,
  create: (_options, { rng }) => {
    const eligible = new EligibleSet();
    return {
      update: (members) => eligible.update(members),
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick: (_request, avoid) => eligible.draw(rng, avoid),
      done: () => undefined,
    };
  },
};
