/**
 * First: the first endpoint, in the order of the configuration, that may serve.
 *
 * Each endpoint is filled to its `maxConnections` before the next one gets anything, so that as few as possible are busy and
 * the others can be switched off. Without limits everything goes to the first.
 *
 * Source  HAProxy, `balance first` (there in the order of the servers' ids).
 * Cost    pick O(1 + avoided); allocates nothing.
 * Order   membership's; weights say nothing but 0.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Avoid, PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';

export const FirstOptions = /* @__PURE__ */ (() => z.strictObject({ type: z.literal('first') }))();
export type FirstOptions = z.input<typeof FirstOptions>;

export const first: PolicyDefinition<'first', FirstOptions> = {
  type: 'first',
  ignoresWeights: true,
  create: () => {
    const eligible = new EligibleSet();

    function pick(avoid: Avoid | null): number {
      const { slots, count } = eligible;
      for (let i = 0; i < count; i++) if (!avoid?.has(slots[i]!)) return slots[i]!;
      return -1;
    }

    return {
      update: (members) => eligible.update(members),
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick: (_request, avoid) => pick(avoid),
      done: () => undefined,
    };
  },
};
