/**
 * Bounded load: a hashing policy whose endpoints never get much more than their share.
 *
 * An endpoint may have at most c times its weighted share of what is in flight. A key whose own endpoint is at its bound goes
 * to the first of its alternative places that has room: independent hashes of the key, so that what one endpoint
 * cannot take spreads over all others instead of falling on its neighbour.
 *
 * Source  Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads", arXiv 1608.01350; the jumps: Chen,
 *         Coleman and Shrivastava, "Revisiting consistent hashing with bounded loads", arXiv 1908.08762.
 * Cost    1 pick of the wrapped policy, then one for each jump: 1/(1 − 1/c) expected where every full endpoint is met by
 *         chance, 5 for c = 1.25; after 32 jumps a scan of the eligible. Allocates nothing.
 * Order   the wrapped policy's while everybody is below its bound.
 * Errors  −1 when none is eligible and not avoided; the key's own endpoint when all that are not avoided are at their bound.
 *         Throws `config-invalid` when it wraps a policy that does not hash.
 */
import { z } from 'zod';
import { HASHES, requestHash } from '../hash/request-hash.ts';
import { EquipoiseError } from '../kernel/errors.ts';
import type { Avoid, PickRequest, Policy, PolicyDefinition, PolicyDeps } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';
import { WeightTree } from '../load/weight-tree.ts';

const DEFAULT_FACTOR = 1.25;
const WRAPPED = 'ring-hash';

/** With c = 1.25 at most 80 % of the weight is at its bound: 32 jumps miss the rest once in 1,000 picks at the worst. */
const MOST_JUMPS = 32;

/** `policy` is the schema of what it may wrap. */
export const boundedLoadOptions = <P extends z.ZodType>(policy: P) =>
  z.strictObject({
    type: z.literal('bounded-load'),
    factor: z
      .number()
      .min(1)
      .max(100)
      .default(DEFAULT_FACTOR)
      .describe(
        'Times its share of what is in flight that an endpoint may have, 1 to 100; less is more even, and moves more.',
      ),
    policy: policy.prefault(WRAPPED as never).describe('The hashing policy: a type, or an object with its options.'),
  });

export interface BoundedLoadOptions {
  readonly type: 'bounded-load';
  readonly factor?: number;
  readonly policy?: string | { readonly type: string };
}

export const boundedLoad: PolicyDefinition<'bounded-load', BoundedLoadOptions> = {
  type: 'bounded-load',
  wraps: WRAPPED,
  create: ({ factor = DEFAULT_FACTOR }, deps) => {
    const { rng, inFlight } = deps;
    const wrapped = hashingPolicy(deps);
    const eligible = new EligibleSet();
    /** By slot; 0 for who is not eligible. */
    const weights = new WeightTree();

    /** In flight + cost in cost units, times the share; what is in flight is below ceil(bound) just when below bound. */
    function boundOf(slot: number, cost: number): number {
      return (factor * (inFlight.total() + cost) * eligible.weightOf(slot)) / weights.total;
    }

    function hasRoom(slot: number, cost: number): boolean {
      return inFlight.of(slot) < boundOf(slot, cost);
    }

    function pick(request: PickRequest, avoid: Avoid | null): number {
      const own = wrapped.pick(request, avoid);
      if (own < 0 || hasRoom(own, request.cost)) return own;
      const { jump } = request;
      const other = jumpFrom(request, avoid);
      request.jump = jump;
      return other < 0 ? own : other;
    }

    function jumpFrom(request: PickRequest, avoid: Avoid | null): number {
      for (let jumps = 0; jumps < MOST_JUMPS; jumps++) {
        request.jump++;
        const slot = wrapped.pick(request, avoid);
        if (slot >= 0 && hasRoom(slot, request.cost)) return slot;
      }
      request.jump++;
      return scan(requestHash(request, rng), request.cost, avoid);
    }

    function scan(hash: number, cost: number, avoid: Avoid | null): number {
      const { slots, count } = eligible;
      const start = Math.floor((hash / HASHES) * count);
      for (let steps = 0; steps < count; steps++) {
        const slot = slots[start + steps < count ? start + steps : start + steps - count]!;
        if (!avoid?.has(slot) && hasRoom(slot, cost)) return slot;
      }
      return -1;
    }

    return {
      update: (members) => {
        eligible.update(members);
        const highest = members.reduce((max, { slot }) => Math.max(max, slot), -1);
        weights.reset(highest + 1, (slot) => (eligible.has(slot) ? eligible.weightOf(slot) : 0));
        wrapped.update(members);
      },
      setEligible: (slot, value) => {
        if (eligible.set(slot, value)) weights.set(slot, value ? eligible.weightOf(slot) : 0);
        wrapped.setEligible(slot, value);
      },
      pick,
      ...(wrapped.save && { save: () => wrapped.save!() }),
      done: (slot, outcome) => wrapped.done(slot, outcome),
      pickMany: (request, count) => wrapped.pickMany(request, count),
      explain: (slot, request) => ({
        inFlight: inFlight.of(slot),
        bound: eligible.has(slot) ? Math.ceil(boundOf(slot, request.cost)) : 0,
        ...wrapped.explain?.(slot, request),
      }),
    };
  },
};

/** Only hashing policies have an order of preference for a key. */
function hashingPolicy({ wrapped }: PolicyDeps): Policy & Required<Pick<Policy, 'pickMany'>> {
  if (wrapped === undefined) throw new EquipoiseError('contract-broken', 'bounded-load was not given what it wraps');
  const policy = wrapped();
  if (policy.pickMany === undefined) {
    throw new EquipoiseError(
      'config-invalid',
      'bounded-load wraps a policy that hashes a key: ip-hash, maglev, rendezvous or ring-hash',
    );
  }
  return policy as Policy & Required<Pick<Policy, 'pickMany'>>;
}
