/**
 * Round robin: each eligible endpoint in its turn, weights ignored.
 *
 * Source  as old as time sharing; Nagle, "On packet switches with infinite storage", RFC 970, 1985.
 * Cost    pick O(1), one step more for each avoided endpoint in the way; allocates nothing.
 * Order   membership's order; a change of who is eligible may move the place in it.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { Avoid, PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';

export const RoundRobinOptions = /* @__PURE__ */ (() => z.strictObject({ type: z.literal('round-robin') }))();
export type RoundRobinOptions = z.input<typeof RoundRobinOptions>;

export const roundRobin: PolicyDefinition<'round-robin', RoundRobinOptions> = {
  type: 'round-robin',
  ignoresWeights: true,
  create: (_options, { cursor = new Int32Array(1) }) => {
    const eligible = new EligibleSet();
    let place = cursor;

    // Workers share the cursor: what one of them takes, the others skip.
    function next(): number {
      return eligible.slots[(Atomics.add(place, 0, 1) >>> 0) % eligible.count]!;
    }

    function nextAllowed(avoid: Avoid): number {
      for (let turns = 0; turns < eligible.count; turns++) {
        const slot = next();
        if (!avoid.has(slot)) return slot;
      }
      return firstAllowed(avoid);
    }

    /** A whole round was avoided, or other workers took the turns between ours. */
    function firstAllowed(avoid: Avoid): number {
      for (let i = 0; i < eligible.count; i++) if (!avoid.has(eligible.slots[i]!)) return eligible.slots[i]!;
      return -1;
    }

    return {
      update: (members) => eligible.update(members),
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick: (_request, avoid) => (eligible.count === 0 ? -1 : avoid === null ? next() : nextAllowed(avoid)),
      done: () => undefined,
      // Other workers must not see turns that are taken back: these are taken on a copy.
      save: () => {
        place = Int32Array.of(Atomics.load(cursor, 0));
        return () => {
          place = cursor;
        };
      },
    };
  },
};
