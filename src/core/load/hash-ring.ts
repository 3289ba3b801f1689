/**
 * Points on a ring of 2^32 hashes, each owned by a member; a key belongs to the owner of the next point.
 *
 * A member has `virtualNodes` × weight points, the hashes of its id under the seeds 0, 1, 2, …, so its points don't depend
 * on the other members. A ring of more than 8 Mi points is halved until it fits: each member keeps its first points.
 *
 * Source  Karger et al., "Consistent hashing and random trees", STOC 1997; Chord's virtual nodes.
 * Cost    `reset` O(points log points) and 12 bytes a point while it runs, then 8; `indexOf` O(log points).
 * Order   of two members with the same point, the one whose id comes first.
 */
import { xxhash32 } from '../hash/xxhash32.ts';
import type { Endpoint } from '../kernel/endpoint.ts';
import { byId } from './by-id.ts';

/** 64 MiB. Envoy has the same limit. */
const MOST_POINTS = 2 ** 23;

/** Members are numbered in the low bits of a double's 53; the 32 of the hash lie above. */
const MOST_MEMBERS = 2 ** 21;

export class HashRing {
  #points = new Uint32Array(0);
  #owners = new Int32Array(0);

  /** Places the members of weight above 0. */
  reset(members: readonly Endpoint[], virtualNodes: number): void {
    const placed = members.filter((member) => member.weight > 0).sort(byId);
    const counts = pointCounts(placed, virtualNodes);
    const sorted = sortedPoints(placed, counts);
    this.#points = new Uint32Array(sorted.length);
    this.#owners = new Int32Array(sorted.length);
    for (let i = 0; i < sorted.length; i++) {
      const hash = Math.floor(sorted[i]! / MOST_MEMBERS);
      this.#points[i] = hash;
      this.#owners[i] = placed[sorted[i]! - hash * MOST_MEMBERS]!.slot;
    }
  }

  get length(): number {
    return this.#points.length;
  }

  /** The index of the first point at or after `hash`, going round. */
  indexOf(hash: number): number {
    const points = this.#points;
    let low = 0;
    let high = points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (points[middle]! < hash) low = middle + 1;
      else high = middle;
    }
    return low === points.length ? 0 : low;
  }

  /** The slot that owns the point at `index`. */
  ownerAt(index: number): number {
    return this.#owners[index]!;
  }
}

function pointCounts(members: readonly Endpoint[], virtualNodes: number): number[] {
  for (let nodes = virtualNodes; ; nodes /= 2) {
    const counts = members.map(({ weight }) => Math.max(1, Math.round(nodes * weight)));
    if (counts.reduce((sum, count) => sum + count, 0) <= MOST_POINTS || nodes < 1) return counts;
  }
}

/** Each point is hash × MOST_MEMBERS + member, so that numbers sort as (hash, member). */
function sortedPoints(members: readonly Endpoint[], counts: readonly number[]): Float64Array {
  const points = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  members.forEach(({ id }, member) => {
    for (let node = 0; node < counts[member]!; node++) {
      points[at++] = xxhash32(id, node) * MOST_MEMBERS + member;
    }
  });
  return points.sort();
}
