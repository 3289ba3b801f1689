/**
 * Points on a ring of 2^32 hashes, each owned by a member; a key belongs to the owner of the next point.
 *
 * A member has `virtualNodes` × weight points, hashes of its id and 0, 1, 2, …, so its points don't depend on the other
 * members: a change merges the points of newcomers into those that stay. A ring of more than 8 Mi points is
 * halved until it fits: each member keeps its first points.
 *
 * Source  Karger et al., "Consistent hashing and random trees", STOC 1997; virtual nodes: Stoica et al., "Chord", 2001.
 * Cost    `reset` O(points + new points × log new points), allocating 10 to 12 bytes a point; `indexOf` O(1) on average:
 *         the hash's top bits say where to start, and hashes are spread evenly.
 * Order   of two members with the same point, the one whose id comes first.
 */
import type { Endpoint } from '../kernel/endpoint.ts';
import { byId } from './by-id.ts';
import { capacityFor } from './grow.ts';

/** 64 MiB. Envoy has the same limit. */
const MOST_POINTS = 2 ** 23;

/** Newcomers are numbered in the low bits of a double's 53; the 32 of the hash lie above. */
const MOST_MEMBERS = 2 ** 21;

/** The point of an endpoint's `node`th virtual node: an integer in [0, 2^32). */
export type PointHash = (id: string, node: number) => number;

interface Placed {
  readonly slot: number;
  readonly id: string;
  readonly points: number;
}

export class HashRing {
  readonly #pointOf: PointHash;
  #placed = new Map<number, Placed>();
  #points = new Uint32Array(0);
  #owners = new Int32Array(0);
  /** By the top bits of a hash: the index of the first point with these bits or higher ones. */
  #starts = new Uint32Array(2);
  /** A hash shifted right by so many bits is its top bits. */
  #shift = 31;

  constructor(pointOf: PointHash) {
    this.#pointOf = pointOf;
  }

  /** Places the members of weight above 0, and no others. */
  reset(members: readonly Endpoint[], virtualNodes: number): void {
    const next = placesOf(members, virtualNodes);
    const newcomers = next.filter((each) => !isSame(this.#placed.get(each.slot), each));
    if (newcomers.length === 0 && next.length === this.#placed.size) return;
    const stays = new Uint8Array(capacityFor(highestOf(this.#placed.keys())));
    for (const each of next) if (isSame(this.#placed.get(each.slot), each)) stays[each.slot] = 1;
    this.#merge(stays, newcomers, totalOf(next));
    this.#placed = new Map(next.map((each) => [each.slot, each]));
  }

  get length(): number {
    return this.#points.length;
  }

  /** The index of the first point at or after `hash`, going round. */
  indexOf(hash: number): number {
    const points = this.#points;
    let index = this.#starts[hash >>> this.#shift]!;
    while (index < points.length && points[index]! < hash) index++;
    return index < points.length ? index : 0;
  }

  /** The slot that owns the point at `index`. */
  ownerAt(index: number): number {
    return this.#owners[index]!;
  }

  /** The points that stay and those of the newcomers, both in order, into one new ring. */
  #merge(stays: Uint8Array, newcomers: readonly Placed[], total: number): void {
    const added = sortedPoints(newcomers, this.#pointOf);
    const points = new Uint32Array(total);
    const owners = new Int32Array(total);
    let at = 0;
    let from = 0;
    for (let next = 0; next <= added.length; next++) {
      const hash = next < added.length ? Math.floor(added[next]! / MOST_MEMBERS) : Number.POSITIVE_INFINITY;
      const newcomer = newcomers[added[next]! - hash * MOST_MEMBERS];
      for (; from < this.#points.length && this.#isBefore(from, hash, newcomer); from++) {
        if (stays[this.#owners[from]!] === 0) continue;
        points[at] = this.#points[from]!;
        owners[at++] = this.#owners[from]!;
      }
      if (newcomer === undefined) continue;
      points[at] = hash;
      owners[at++] = newcomer.slot;
    }
    this.#points = points;
    this.#owners = owners;
    this.#index();
  }

  /** One start for one or two points, and at least two: a shift by 32 would be none. */
  #index(): void {
    const points = this.#points;
    let bits = 1;
    while (2 ** (bits + 1) <= points.length) bits++;
    this.#shift = 32 - bits;
    this.#starts = new Uint32Array(2 ** bits);
    let index = 0;
    for (let top = 0; top < this.#starts.length; top++) {
      while (index < points.length && points[index]! >>> this.#shift < top) index++;
      this.#starts[top] = index;
    }
  }

  #isBefore(index: number, hash: number, newcomer: Placed | undefined): boolean {
    const point = this.#points[index]!;
    if (point !== hash || newcomer === undefined) return point < hash;
    return byId(this.#placed.get(this.#owners[index]!)!, newcomer) < 0;
  }
}

/** Ordered by id. */
function placesOf(members: readonly Endpoint[], virtualNodes: number): Placed[] {
  const placed = members.filter((member) => member.weight > 0).sort(byId);
  for (let nodes = virtualNodes; ; nodes /= 2) {
    const places = placed.map(({ slot, id, weight }) => ({
      slot,
      id,
      points: Math.max(1, Math.round(nodes * weight)),
    }));
    const total = totalOf(places);
    if (total <= MOST_POINTS || total === places.length) return places;
  }
}

function totalOf(places: readonly Placed[]): number {
  return places.reduce((sum, { points }) => sum + points, 0);
}

function highestOf(slots: Iterable<number>): number {
  let highest = 0;
  for (const slot of slots) highest = Math.max(highest, slot);
  return highest;
}

function isSame(a: Placed | undefined, b: Placed): boolean {
  return a !== undefined && a.id === b.id && a.points === b.points;
}

/** Each point is hash × MOST_MEMBERS + the newcomer's number, so that they sort by hash, then by id. */
function sortedPoints(newcomers: readonly Placed[], pointOf: PointHash): Float64Array {
  const sorted = new Float64Array(totalOf(newcomers));
  let at = 0;
  for (const [number, { id, points }] of newcomers.entries()) {
    for (let node = 0; node < points; node++) sorted[at++] = pointOf(id, node) * MOST_MEMBERS + number;
  }
  return sorted.sort();
}
