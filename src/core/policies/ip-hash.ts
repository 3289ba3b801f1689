/**
 * IP hash: a client's address decides its endpoint, in proportion to the weights.
 *
 * The members lie one after the other on a line, each as long as its weight, ordered by id; the hash of the address is a
 * point on it. While the endpoint there may not serve, the hash is scrambled and tried again: only its clients move, they
 * spread over all others, and they come back. Adding or removing a member moves most clients (`ring-hash` does not).
 *
 * Source  nginx, src/http/modules/ngx_http_upstream_ip_hash_module.c (rehash up to 20 times); the whole address is hashed.
 * Cost    pick O(log n) for each try, O(n) when 20 tries met nobody; allocates nothing.
 * Order   the same on every worker and machine that has the same ids and weights.
 * Errors  −1 when none is eligible and not avoided; never throws. A client without an address is drawn an endpoint.
 */
import { z } from 'zod';
import { xxhash32 } from '../hash/xxhash32.ts';
import type { Avoid, PolicyDefinition } from '../kernel/policy.ts';
import { byId } from '../load/by-id.ts';
import { EligibleSet } from '../load/eligible.ts';
import { WeightTree } from '../load/weight-tree.ts';

export const IpHashOptions = /* @__PURE__ */ (() => z.strictObject({ type: z.literal('ip-hash') }))();
export type IpHashOptions = z.input<typeof IpHashOptions>;

const TRIES = 20;
const HASHES = 2 ** 32;

export const ipHash: PolicyDefinition<'ip-hash', IpHashOptions> = {
  type: 'ip-hash',
  create: (_options, { rng }) => {
    const eligible = new EligibleSet();
    const line = new WeightTree();
    let owners = new Int32Array(0);

    function maySlotServe(slot: number, avoid: Avoid | null): boolean {
      return eligible.has(slot) && !avoid?.has(slot);
    }

    function pick(start: number, avoid: Avoid | null): number {
      let hash = start;
      for (let tries = 0; tries < TRIES; tries++) {
        const slot = owners[line.find((hash / HASHES) * line.total)]!;
        if (maySlotServe(slot, avoid)) return slot;
        hash = scrambled(hash);
      }
      return nextOnLine(hash, avoid);
    }

    function nextOnLine(hash: number, avoid: Avoid | null): number {
      const start = line.find((hash / HASHES) * line.total);
      for (let steps = 0; steps < owners.length; steps++) {
        const slot = owners[(start + steps) % owners.length]!;
        if (maySlotServe(slot, avoid)) return slot;
      }
      return -1;
    }

    return {
      update: (members) => {
        eligible.update(members);
        const ordered = members.filter((member) => member.weight > 0).sort(byId);
        owners = Int32Array.from(ordered, (member) => member.slot);
        line.reset(ordered.length, (index) => ordered[index]!.weight);
      },
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick: ({ clientIp }, avoid) => {
        if (eligible.count === 0) return -1;
        return pick(clientIp === '' ? rng.below(HASHES) : xxhash32(clientIp), avoid);
      },
      done: () => undefined,
    };
  },
};

/** A fixed permutation of 32 bits: Wellons' "lowbias32" after a step that leaves no fixed point at 0. */
function scrambled(hash: number): number {
  let z = (hash + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d);
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b);
  return (z ^ (z >>> 16)) >>> 0;
}
