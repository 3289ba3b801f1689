/**
 * Finds the endpoint with the least load per weight; the choice that `least-connections` and `least-response-time` share.
 *
 * Up to 64 members every pick compares them all. Above, a tournament is kept: a pick and an outcome change one entry, and
 * since loads may also change underneath (other workers), the winner's load is read again before it is taken and a few
 * others are read again on each pick, so that every entry is at most eligible/2 picks old.
 *
 * Source  the order of turns: Goyal, Vin and Cheng, "Start-time fair queuing", SIGCOMM 1996.
 * Cost    pick O(members) up to 64, then O(log members); allocates only in `update`.
 * Order   equal loads take turns in proportion to their weights; newcomers join at a drawn place.
 * Errors  `pick` answers −1 when none is eligible and not avoided.
 */
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Avoid } from '../kernel/policy.ts';
import type { Rng } from '../kernel/rng.ts';
import { EligibleSet } from './eligible.ts';
import { grownFloat64 } from './grow.ts';
import { savedArrays } from './saved.ts';
import { Tournament } from './tournament.ts';

/** A scan of 64 loads costs about as much as the changes of a tournament, and never sees an old one. */
const SCAN_LIMIT = 64;

/** Entries read again per pick. */
const REREAD = 2;

/** Loads that changed underneath and are noticed only when they win; more in one pick would make it O(n). */
const MOST_REPLAYS = 64;

export class LeastLoaded {
  readonly #loadOf: (slot: number) => number;
  readonly #rng: Rng;
  readonly #eligible = new EligibleSet();
  readonly #tournament = new Tournament();
  #large = false;
  #turns = new Float64Array(0);
  /** The turn of the latest pick. Element 0 of an array: a double in a field would be allocated anew on each change. */
  readonly #now = new Float64Array(1);
  #reread = 0;

  /** `loadOf` answers a load ≥ 0, before division by the weight. */
  constructor(loadOf: (slot: number) => number, rng: Rng) {
    this.#loadOf = loadOf;
    this.#rng = rng;
  }

  /** `joined` is told each slot that has a new occupant. */
  update(members: readonly Endpoint[], joined?: (slot: number) => void): void {
    this.#eligible.update(members, (slot) => {
      joined?.(slot);
      this.#turns = grownFloat64(this.#turns, slot);
      this.#turns[slot] = -1;
    });
    for (const { slot, weight } of members) {
      if (this.#turns[slot] === -1) this.#turns[slot] = this.#now[0]! + this.#rng.next() / (weight || 1);
    }
    this.#large = members.length > SCAN_LIMIT;
    if (this.#large) this.#enterAll(members);
  }

  setEligible(slot: number, eligible: boolean): void {
    if (!this.#eligible.set(slot, eligible) || !this.#large) return;
    if (eligible) this.#enter(slot);
    else this.#tournament.remove(slot);
  }

  pick(avoid: Avoid | null): number {
    const slot = this.#large ? this.#pickByTournament(avoid) : this.#pickByScan(avoid);
    if (slot >= 0) this.#takeTurn(slot);
    return slot;
  }

  /** The load of `slot` changed. Of no effect for strangers. */
  changed(slot: number): void {
    if (this.#large && this.#eligible.has(slot)) this.#readAgain(slot);
  }

  /** See `Policy.save`. */
  save(): () => void {
    const restore = savedArrays(this.#turns, this.#now);
    const restoreTournament = this.#tournament.save();
    const reread = this.#reread;
    return () => {
      restore();
      restoreTournament();
      this.#reread = reread;
    };
  }

  #pickByScan(avoid: Avoid | null): number {
    const { slots, count } = this.#eligible;
    let best = -1;
    let leastScore = 0;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      if (avoid?.has(slot)) continue;
      const score = this.#scoreOf(slot);
      const better =
        best < 0 || score < leastScore || (score === leastScore && this.#turns[slot]! < this.#turns[best]!);
      if (!better) continue;
      best = slot;
      leastScore = score;
    }
    return best;
  }

  #pickByTournament(avoid: Avoid | null): number {
    this.#readSomeAgain();
    let best = this.#winner(avoid);
    for (let replays = 0; replays < MOST_REPLAYS && best >= 0 && this.#readAgain(best); replays++) {
      best = this.#winner(avoid);
    }
    return best;
  }

  #winner(avoid: Avoid | null): number {
    return avoid === null ? this.#tournament.first() : this.#tournament.firstAllowed(avoid);
  }

  #readSomeAgain(): void {
    const { slots, count } = this.#eligible;
    for (let i = 0; i < REREAD && count > 0; i++) {
      this.#reread = this.#reread + 1 < count ? this.#reread + 1 : 0;
      this.#readAgain(slots[this.#reread]!);
    }
  }

  /** True when the tournament knew another load. */
  #readAgain(slot: number): boolean {
    const score = this.#scoreOf(slot);
    if (score === this.#tournament.scoreOf(slot)) return false;
    this.#tournament.set(slot, score, this.#turns[slot]!);
    return true;
  }

  #takeTurn(slot: number): void {
    const turn = Math.max(this.#turns[slot]!, this.#now[0]!);
    this.#now[0] = turn;
    this.#turns[slot] = turn + 1 / this.#eligible.weightOf(slot);
    if (this.#large) this.#enter(slot);
  }

  #enter(slot: number): void {
    this.#tournament.set(slot, this.#scoreOf(slot), this.#turns[slot]!);
  }

  #enterAll(members: readonly Endpoint[]): void {
    this.#tournament.reset(members.reduce((highest, { slot }) => Math.max(highest, slot), 0));
    const { slots, count } = this.#eligible;
    for (let i = 0; i < count; i++) this.#enter(slots[i]!);
  }

  #scoreOf(slot: number): number {
    return this.#loadOf(slot) / this.#eligible.weightOf(slot);
  }
}
