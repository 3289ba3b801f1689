/**
 * Ring hash: a key belongs to the endpoint that owns the next point on a ring of hashes.
 *
 * An endpoint that may not serve is walked past, so only its keys move, to the owners of the points after its own. Adding
 * or removing one of n endpoints moves about 1/n of the keys. The key is the request's; without one, the client's address.
 *
 * Source  Karger et al., "Consistent hashing and random trees", STOC 1997; see load/hash-ring.ts. Ketama: load/ketama.ts.
 * Cost    pick O(1) on average, then one step for each point walked past; allocates nothing. `update` is
 *         one pass over the ring, and sorts the points of newcomers; a verdict does not touch it.
 * Order   the same on every worker and machine that has the same ids and weights.
 * Errors  −1 when none is eligible and not avoided; never throws. Without key and address an endpoint is drawn.
 */
import { z } from 'zod';
import { AffinityKey } from '../hash/affinity-key.ts';
import { murmur3 } from '../hash/murmur3.ts';
import { mix32, requestHash } from '../hash/request-hash.ts';
import { xxhash32 } from '../hash/xxhash32.ts';
import type { Avoid, PickRequest, PolicyDefinition } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';
import { HashRing, type PointHash } from '../load/hash-ring.ts';
import { createKetamaPoints, KETAMA_POINTS, ketamaKey } from '../load/ketama.ts';

const DEFAULT_VIRTUAL_NODES = 150;
const DEFAULT_HASH = 'xxhash32';

export const RingHashOptions = /* @__PURE__ */ (() =>
  z.strictObject({
    type: z.literal('ring-hash'),
    hash: z
      .enum(['xxhash32', 'murmur3', 'ketama'])
      .default(DEFAULT_HASH)
      .describe("What places endpoints and keys; ketama is libketama's ring of MD5."),
    virtualNodes: z.exactOptional(
      z
        .int()
        .min(1)
        .max(10_000)
        .describe(
          `Points on the ring for each unit of weight, 1 to 10,000; more make shares more even. Absent: ${DEFAULT_VIRTUAL_NODES}, with ketama ${KETAMA_POINTS}.`,
        ),
    ),
    key: AffinityKey,
  }))();
export type RingHashOptions = z.input<typeof RingHashOptions>;

/** So many points are walked past before it is asked whether anyone may serve at all. */
const STEPS_BEFORE_DOUBT = 1000;

interface RingHashes {
  readonly pointOf: PointHash;
  readonly keyOf: (text: string) => number;
  readonly virtualNodes: number;
}

function hashesOf(hash: NonNullable<RingHashOptions['hash']>): RingHashes {
  const virtualNodes = DEFAULT_VIRTUAL_NODES;
  if (hash === 'ketama') return { pointOf: createKetamaPoints(), keyOf: ketamaKey, virtualNodes: KETAMA_POINTS };
  return hash === 'murmur3'
    ? { pointOf: seededPoints(murmur3), keyOf: murmur3, virtualNodes }
    : { pointOf: seededPoints(xxhash32), keyOf: xxhash32, virtualNodes };
}

/**
 * Seeds are mixed, not counted up: under xxHash32 two ids that differ in the fourth byte of a word, as `10.0.0.3:80` and
 * `10.0.0.4:80` do, have the same hashes under seeds a multiple of 128 apart, and one would take the other's points.
 */
function seededPoints(hash: (text: string, seed: number) => number): PointHash {
  return (id, node) => hash(id, mix32(0, node));
}

export const ringHash: PolicyDefinition<'ring-hash', RingHashOptions> = {
  type: 'ring-hash',
  create: ({ hash = DEFAULT_HASH, ...options }, { rng }) => {
    const { pointOf, keyOf, ...hashes } = hashesOf(hash);
    const virtualNodes = options.virtualNodes ?? hashes.virtualNodes;
    const eligible = new EligibleSet();
    const ring = new HashRing(pointOf);

    function pick(request: PickRequest, avoid: Avoid | null): number {
      if (eligible.count === 0) return -1;
      const index = ring.indexOf(requestHash(request, rng, keyOf));
      const slot = ring.ownerAt(index);
      return avoid === null && eligible.has(slot) ? slot : firstAllowed(index, avoid);
    }

    /** The owner of the first point from `start` on that may serve. */
    function firstAllowed(start: number, avoid: Avoid | null): number {
      let index = start;
      for (let steps = 0; steps < ring.length; steps++) {
        const slot = ring.ownerAt(index);
        if (eligible.has(slot) && !avoid?.has(slot)) return slot;
        if (steps === STEPS_BEFORE_DOUBT && !eligible.hasAllowed(avoid)) return -1;
        index = index + 1 < ring.length ? index + 1 : 0;
      }
      return -1;
    }

    function pickMany(request: PickRequest, count: number): number[] {
      const slots = new Set<number>();
      const wanted = Math.min(count, eligible.count);
      let index = slots.size < wanted ? ring.indexOf(requestHash(request, rng, keyOf)) : 0;
      while (slots.size < wanted) {
        const slot = ring.ownerAt(index);
        if (eligible.has(slot)) slots.add(slot);
        index = index + 1 < ring.length ? index + 1 : 0;
      }
      return [...slots];
    }

    return {
      update: (members) => {
        eligible.update(members);
        ring.reset(members, virtualNodes);
      },
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick,
      done: () => undefined,
      pickMany,
    };
  },
};
