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
import { HASHES, mix32, placeOf } from '../hash/request-hash.ts';
import type { Avoid, PickRequest, PolicyDefinition } from '../kernel/policy.ts';
import { byId } from '../load/by-id.ts';
import { EligibleSet } from '../load/eligible.ts';
import { WeightTree } from '../load/weight-tree.ts';

export const IpHashOptions = /* @__PURE__ */ (() => z.strictObject({ type: z.literal('ip-hash') }))();
export type IpHashOptions = z.input<typeof IpHashOptions>;

const TRIES = 20;

export const ipHash: PolicyDefinition<'ip-hash', IpHashOptions> = {
  type: 'ip-hash',
  create: (_options, { rng }) => {
    const eligible = new EligibleSet();
    const line = new WeightTree();
    let owners = new Int32Array(0);

    function maySlotServe(slot: number, avoid: Avoid | null): boolean {
      return eligible.has(slot) && !avoid?.has(slot);
    }

    function pick({ clientIp, jump }: PickRequest, avoid: Avoid | null): number {
      return eligible.count === 0 ? -1 : pickFrom(placeOf(clientIp, jump, rng), avoid);
    }

    function pickFrom(start: number, avoid: Avoid | null): number {
      let hash = start;
      for (let tries = 0; tries < TRIES; tries++) {
        const slot = owners[line.find((hash / HASHES) * line.total)]!;
        if (maySlotServe(slot, avoid)) return slot;
        hash = mix32(hash, 1);
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

    /** The order in which endpoints would take over. */
    function pickMany(request: PickRequest, count: number): number[] {
      const start = placeOf(request.clientIp, request.jump, rng);
      const slots = new Set<number>();
      const wanted = Math.min(count, eligible.count);
      while (slots.size < wanted) slots.add(pickFrom(start, slots));
      return [...slots];
    }

    return {
      update: (members) => {
        eligible.update(members);
        const ordered = members.filter((member) => member.weight > 0).sort(byId);
        owners = Int32Array.from(ordered, (member) => member.slot);
        line.reset(ordered.length, (index) => ordered[index]!.weight);
      },
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick,
      done: () => undefined,
      pickMany,
    };
  },
};
