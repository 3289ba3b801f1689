/**
 * Maglev: a key belongs to the owner of its entry in a table that every endpoint fills with its share.
 *
 * Shares are exact but for one entry, whatever the number of keys; the price is that adding or removing an endpoint moves
 * a few more keys than its own. A key whose endpoint may not serve tries its alternative places: only keys of that endpoint
 * move, they spread over all others, and they come back.
 *
 * Source  Eisenbud et al., "Maglev: a fast and reliable software network load balancer", NSDI 2016; see load/maglev-table.ts.
 * Cost    pick O(1) for each try, O(n) when 64 tries met nobody; allocates nothing. `update` builds the table anew; a
 *         verdict does not touch it.
 * Order   the same on every worker and machine that has the same ids and weights.
 * Errors  −1 when none is eligible and not avoided. Without key and address an endpoint is drawn. Throws `config-invalid`
 *         when the table's size is not a prime up to 5,000,011.
 */
import { z } from 'zod';
import { AffinityKey } from '../hash/affinity-key.ts';
import { HASHES, mix32, requestHash } from '../hash/request-hash.ts';
import type { Avoid, PickRequest, PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';
import { isPrime, MaglevTable, MOST_ENTRIES } from '../load/maglev-table.ts';

const DEFAULT_TABLE_SIZE = 65_537;

/** With half of the endpoints down, one pick in 10^19 scans. */
const TRIES = 64;

export const MaglevOptions = /* @__PURE__ */ (() =>
  z.strictObject({
    type: z.literal('maglev'),
    tableSize: z
      .int()
      .min(2)
      .max(MOST_ENTRIES)
      .refine(isPrime, { error: 'must be a prime; 65537, 655373 and 5000011 are' })
      .default(DEFAULT_TABLE_SIZE)
      .describe('Entries of the table, a prime up to 5,000,011; 100 for each endpoint keep shares within 1 %.'),
    key: AffinityKey,
  }))();
export type MaglevOptions = z.input<typeof MaglevOptions>;

export const maglev: PolicyDefinition<'maglev', MaglevOptions> = {
  type: 'maglev',
  create: ({ tableSize = DEFAULT_TABLE_SIZE }, { rng }) => {
    const eligible = new EligibleSet();
    const table = new MaglevTable(tableSize);

    function pickFrom(place: number, avoid: Avoid | null): number {
      let hash = place;
      for (let tries = 1; tries <= TRIES; tries++) {
        const slot = table.ownerOf(hash);
        if (eligible.has(slot) && !avoid?.has(slot)) return slot;
        hash = mix32(place, tries);
      }
      return nextById(hash, avoid);
    }

    function nextById(hash: number, avoid: Avoid | null): number {
      const { slots } = table;
      const start = Math.floor((hash / HASHES) * slots.length);
      for (let steps = 0; steps < slots.length; steps++) {
        const slot = slots[(start + steps) % slots.length]!;
        if (eligible.has(slot) && !avoid?.has(slot)) return slot;
      }
      return -1;
    }

    /** The order in which endpoints would take over. */
    function pickMany(request: PickRequest, count: number): number[] {
      const place = requestHash(request, rng);
      const slots = new Set<number>();
      const wanted = Math.min(count, eligible.count);
      while (slots.size < wanted) slots.add(pickFrom(place, slots));
      return [...slots];
    }

    return {
      update: (members) => {
        eligible.update(members);
        table.reset(members);
      },
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick: (request, avoid) => (eligible.count === 0 ? -1 : pickFrom(requestHash(request, rng), avoid)),
      done: () => undefined,
      pickMany,
    };
  },
};
