/**
 * Rendezvous (highest random weight): every endpoint draws a score from the key, the best one has it.
 *
 * A score depends on the key and the endpoint alone, so a key moves only when its endpoint leaves or may not serve, or when
 * a newcomer's or a risen weight's score is better: the least possible, weights included. No ring, no table.
 *
 * Source  Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM ToN 6(1), 1998; the weighted
 *         score: Schindelhauer and Schomaker, "Weighted distributed hash tables", SPAA 2005 (logarithmic method).
 * Cost    pick O(eligible), a few nanoseconds each; allocates nothing. A verdict is O(log n).
 * Order   the same on every worker and machine that has the same ids and weights; equal scores by id.
 * Errors  −1 when none is eligible and not avoided; never throws. Without key and address an endpoint is drawn.
 */
import { z } from 'zod';
import { AffinityKey } from '../hash/affinity-key.ts';
import { HASHES, mix32, requestHash } from '../hash/request-hash.ts';
import { xxhash64 } from '../hash/xxhash64.ts';
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Avoid, PickRequest, PolicyDefinition } from '../kernel/policy.ts';
import { byId } from '../load/by-id.ts';
import { EligibleSet } from '../load/eligible.ts';
import { capacityFor } from '../load/grow.ts';

export const RendezvousOptions = /* @__PURE__ */ (() =>
  z.strictObject({ type: z.literal('rendezvous'), key: AffinityKey }))();
export type RendezvousOptions = z.input<typeof RendezvousOptions>;

export const rendezvous: PolicyDefinition<'rendezvous', RendezvousOptions> = {
  type: 'rendezvous',
  create: (_options, { rng }) => {
    const eligible = new EligibleSet();
    const idHash = new Uint32Array(2);
    /** By slot: the halves of the id's hash (32 bits alone would make two of 100,000 the same), place by id, weight. */
    let lows = new Int32Array(0);
    let highs = new Int32Array(0);
    let ranks = new Int32Array(0);
    let weights = new Float64Array(0);

    function place(members: readonly Endpoint[]): void {
      const capacity = capacityFor(members.reduce((max, { slot }) => Math.max(max, slot), 0));
      lows = new Int32Array(capacity);
      highs = new Int32Array(capacity);
      ranks = new Int32Array(capacity);
      weights = new Float64Array(capacity);
      for (const [rank, { slot, id, weight }] of [...members].sort(byId).entries()) {
        xxhash64(id, idHash);
        lows[slot] = idHash[0]!;
        highs[slot] = idHash[1]!;
        ranks[slot] = rank;
        weights[slot] = weight;
      }
    }

    /** Uniform in (0, 1). */
    function drawOf(slot: number, hash: number): number {
      return (mix32(mix32(hash ^ lows[slot]!, 1) ^ highs[slot]!, 2) + 0.5) / HASHES;
    }

    function scoreOf(slot: number, hash: number): number {
      return -weights[slot]! / Math.log(drawOf(slot, hash));
    }

    function pick(hash: number, avoid: Avoid | null): number {
      const { slots, count } = eligible;
      let best = -1;
      let bestScore = 0;
      for (let i = 0; i < count; i++) {
        const slot = slots[i]!;
        const draw = drawOf(slot, hash);
        // −ln(x) ≥ 1 − x: for all but a few that spares the logarithm.
        if (weights[slot]! < bestScore * (1 - draw) || avoid?.has(slot)) continue;
        const score = -weights[slot]! / Math.log(draw);
        if (score < bestScore || (score === bestScore && ranks[slot]! > ranks[best]!)) continue;
        best = slot;
        bestScore = score;
      }
      return best;
    }

    function pickMany(request: PickRequest, count: number): number[] {
      const hash = requestHash(request, rng);
      const scored = Array.from(eligible.slots.subarray(0, eligible.count), (slot) => ({
        slot,
        score: scoreOf(slot, hash),
      }));
      scored.sort((a, b) => b.score - a.score || ranks[a.slot]! - ranks[b.slot]!);
      return scored.slice(0, Math.max(0, count)).map(({ slot }) => slot);
    }

    return {
      update: (members) => {
        eligible.update(members);
        place(members);
      },
      setEligible: (slot, value) => void eligible.set(slot, value),
      pick: (request, avoid) => (eligible.count === 0 ? -1 : pick(requestHash(request, rng), avoid)),
      done: () => undefined,
      pickMany,
      explain: (slot, request) => (eligible.has(slot) ? { score: scoreOf(slot, requestHash(request, rng)) } : {}),
    };
  },
};
