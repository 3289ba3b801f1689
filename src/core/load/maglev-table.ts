/**
 * Maglev's lookup table: each member claims entries in an order of its own, in turns, until the table is full.
 *
 * Members of equal weight differ by at most one entry. In a turn of weight w of the heaviest W a member claims with the
 * frequency w / W, as in Envoy; everybody claims in the first turn. With more members than entries the last ones, by
 * id, have none.
 *
 * Source  Eisenbud et al., "Maglev: a fast and reliable software network load balancer", NSDI 2016, section 3.4;
 *         the weights: Envoy, source/extensions/load_balancing_policies/maglev/maglev_lb.cc.
 * Cost    `reset` expected O(size × log size) and one sort of the members; allocates 4 bytes an entry. `ownerOf` O(1).
 * Order   the same on every worker and machine that has the same ids and weights.
 * Errors  throws `config-invalid` when the size is not a prime in [2, 5,000,011].
 */
import { xxhash64 } from '../hash/xxhash64.ts';
import type { Endpoint } from '../kernel/endpoint.ts';
import { EquipoiseError } from '../kernel/errors.ts';
import { byId } from './by-id.ts';

/** Envoy's limit, too. */
export const MOST_ENTRIES = 5_000_011;
const FREE = -1;
const NOBODY = -1;

export class MaglevTable {
  readonly size: number;
  /** The slots of the members that have weight, by id. */
  slots = new Int32Array(0);
  #placed: readonly Endpoint[] = [];
  #owners = new Int32Array(0);

  constructor(size: number) {
    if (!isPrime(size) || size > MOST_ENTRIES) {
      throw new EquipoiseError(
        'config-invalid',
        `a table of ${size} entries: the size must be a prime up to ${MOST_ENTRIES}`,
      );
    }
    this.size = size;
  }

  /** Builds the table of the members of weight above 0, unless it is that already. */
  reset(members: readonly Endpoint[]): void {
    const placed = members.filter((member) => member.weight > 0).sort(byId);
    if (areSame(placed, this.#placed)) return;
    this.#placed = placed;
    this.slots = Int32Array.from(placed, ({ slot }) => slot);
    this.#owners = new Int32Array(placed.length === 0 ? 0 : this.size).fill(FREE);
    if (placed.length > 0) this.#fill();
  }

  /** The slot that owns the entry of `hash`, a non-negative integer. At least one member has weight. */
  ownerOf(hash: number): number {
    return this.#owners[hash % this.size]!;
  }

  #fill(): void {
    const size = this.size;
    const { positions, skips } = permutationsOf(this.#placed, size);
    const turns = new Turns(
      this.#placed.map(({ weight }) => weight),
      size,
    );
    for (let claimed = 0; claimed < size; claimed++) {
      const index = turns.next();
      let position = positions[index]!;
      const skip = skips[index]!;
      while (this.#owners[position] !== FREE)
        position = position + skip < size ? position + skip : position + skip - size;
      this.#owners[position] = this.slots[index]!;
      positions[index] = position;
    }
  }
}

/** Where each member starts and how far it goes on: with a prime size it visits every entry once. */
function permutationsOf(placed: readonly Endpoint[], size: number) {
  const positions = new Int32Array(placed.length);
  const skips = new Int32Array(placed.length);
  const hash = new Uint32Array(2);
  for (const [index, { id }] of placed.entries()) {
    xxhash64(id, hash);
    positions[index] = hash[0]! % size;
    skips[index] = (hash[1]! % (size - 1)) + 1;
  }
  return { positions, skips };
}

/**
 * Whose turn it is: after c claims a member waits for turn ceil(c × heaviest / weight). Members are queued at the turn of
 * their next claim, so that many light ones cost nothing while one heavy one claims.
 */
class Turns {
  readonly #weights: readonly number[];
  readonly #heaviest: number;
  readonly #claims: Int32Array;
  /** First and last of the queue of each turn, and who follows whom. A claim of each turn makes `claims` turns enough. */
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #followers: Int32Array;
  #turn = 1;

  constructor(weights: readonly number[], claims: number) {
    this.#weights = weights;
    this.#heaviest = weights.reduce((most, each) => Math.max(most, each), 0);
    this.#claims = new Int32Array(weights.length);
    this.#heads = new Int32Array(claims + 1).fill(NOBODY);
    this.#tails = new Int32Array(claims + 1);
    this.#followers = new Int32Array(weights.length);
    for (let index = 0; index < weights.length; index++) this.#enqueue(index, 1);
  }

  next(): number {
    while (this.#heads[this.#turn] === NOBODY) this.#turn++;
    const index = this.#heads[this.#turn]!;
    this.#heads[this.#turn] = this.#tails[this.#turn] === index ? NOBODY : this.#followers[index]!;
    const claims = ++this.#claims[index]!;
    const due = Math.ceil((claims * this.#heaviest) / this.#weights[index]!);
    this.#enqueue(index, Math.max(due, this.#turn + 1));
    return index;
  }

  #enqueue(index: number, turn: number): void {
    if (turn >= this.#heads.length) return;
    if (this.#heads[turn] === NOBODY) this.#heads[turn] = index;
    else this.#followers[this.#tails[turn]!] = index;
    this.#tails[turn] = index;
  }
}

function areSame(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ slot, id, weight }, i) => slot === b[i]!.slot && id === b[i]!.id && weight === b[i]!.weight);
}

/** By trial division: a few hundred steps for the largest size. */
export function isPrime(value: number): boolean {
  if (!Number.isInteger(value) || value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}
