import type { Clock } from '../../core/kernel/clock.ts';
import type { Endpoint, Location } from '../../core/kernel/endpoint.ts';
import { EquipoiseError } from '../../core/kernel/errors.ts';
import type { Outcome } from '../../core/kernel/outcome.ts';
import type { Avoid, InFlight, PickRequest, Policy, PolicyDeps } from '../../core/kernel/policy.ts';
import type { Rng } from '../../core/kernel/rng.ts';
import { InFlightCounts } from '../../core/load/in-flight.ts';
import type { SocketAddress } from '../../transport/transport.ts';
import type { MemberChange, MemberSnapshot, MembershipSnapshot, MembershipUpdate } from '../membership/snapshot.ts';
import { Group } from './group.ts';
import { Tried } from './tried.ts';

export { Tried };

export interface PickedEndpoint {
  readonly slot: number;
  readonly id: string;
  /** Tried in order within one connect attempt; replaced when the name resolves anew. */
  readonly addresses: readonly SocketAddress[];
  /** Infinity when there is no limit. */
  readonly maxConnections: number;
}

/** Why nothing was picked: the first that holds, in this order. */
export type NoneReason = 'no-endpoints' | 'none-eligible' | 'all-at-limit' | 'all-tried';

export interface PickerOptions {
  /** The pool's name, for error messages. */
  readonly pool: string;
  readonly createPolicy: (deps: PolicyDeps) => Policy;
  readonly clock: Clock;
  readonly rng: Rng;
  /** The failure domain this process runs in. */
  readonly zone?: string;
  /** Where a client is. */
  readonly locate?: (clientIp: string) => Location | undefined;
}

/** One endpoint for its life, and as long as its last pick is under way. */
interface Occupant extends PickedEndpoint {
  readonly key: number;
  readonly group: Group;
  addresses: readonly SocketAddress[];
  maxConnections: number;
  /** What the policy knows of it; replaced when weight, zone or location change. */
  endpoint: Endpoint;
  eligible: boolean;
  member: boolean;
}

/**
 * Picks endpoints of one pool in one worker: the membership's updates, a policy and the limits make a slot.
 *
 * Eligible   mode `ready`, health not `down`, weight above 0 and at least one address. Told to the policy by events.
 * Per pick   endpoints already tried and those at `maxConnections` are avoided.
 * Backups    have a policy of their own, asked when the primaries' finds none for this request: none is eligible, or
 *            each eligible one was tried or is at its limit. That is nginx's rule; without it a pool without checks
 *            would answer 502 for a dead primary although its backup could serve.
 * Cost       what the policy costs; `pick` and `done` allocate nothing. A change is O(1), a snapshot O(endpoints).
 */
export class Picker {
  readonly inFlight: InFlight;
  readonly #pool: string;
  readonly #deps: PolicyDeps;
  readonly #counts = new InFlightCounts();
  readonly #primaries: Group;
  readonly #backups: Group;
  readonly #guard: LimitsAndTried;
  readonly #occupants: (Occupant | undefined)[] = [];
  readonly #byKey = new Map<number, Occupant>();
  readonly #freeSlots: number[] = [];
  readonly #leftListeners: ((slot: number) => void)[] = [];
  /** By slot. */
  readonly #limits: number[] = [];
  /** Picks under way, by slot, that a former policy took: none of the present one's business. */
  #former: number[] = [];
  #formerTotal = 0;
  #limited = false;
  #version = 0;

  constructor(options: PickerOptions) {
    const { clock, rng, zone, locate } = options;
    this.#deps = { clock, rng, inFlight: this.#counts, ...(zone !== undefined && { zone }), ...(locate && { locate }) };
    this.#pool = options.pool;
    this.inFlight = this.#counts;
    this.#primaries = new Group(options.createPolicy(this.#deps));
    this.#backups = new Group(options.createPolicy(this.#deps));
    this.#guard = new LimitsAndTried(this.#counts, this.#limits);
  }

  /** The slot to serve, counted in flight at once, or −1. `tried` is null or empty on the first try. */
  pick(request: PickRequest, tried: Tried | null): number {
    const avoid = this.#avoid(tried);
    let slot = this.#primaries.eligible > 0 ? this.#primaries.policy.pick(request, avoid) : -1;
    if (slot < 0 && this.#backups.eligible > 0) slot = this.#backups.policy.pick(request, avoid);
    if (slot >= 0) this.#counts.start(slot);
    return slot;
  }

  /**
   * Ends a pick: releases it in flight and tells the policy. Exactly once for each pick ≥ 0, also after the endpoint
   * left. Throws `contract-broken` when no pick of the slot is under way.
   */
  done(slot: number, outcome: Outcome): void {
    const occupant = this.#occupants[slot];
    if (occupant === undefined || this.#counts.of(slot) < 1) throw this.#notUnderWay(slot);
    this.#counts.finish(slot);
    if (this.#formerTotal === 0 || !this.#wasFormer(slot)) occupant.group.policy.done(slot, outcome);
    if (!occupant.member && this.#counts.of(slot) === 0) this.#free(occupant);
  }

  /**
   * Up to `count` different slots in order of preference for the request, primaries before backups; nothing is counted
   * in flight. Undefined when the policy has no such order.
   */
  pickMany(request: PickRequest, count: number): number[] | undefined {
    const slots = this.#primaries.policy.pickMany?.(request, count);
    if (slots === undefined || slots.length >= count) return slots;
    return slots.concat(this.#backups.policy.pickMany?.(request, count - slots.length) ?? []);
  }

  /**
   * Another policy decides from the next pick on; it has learned nothing yet. Of picks under way the first outcomes of
   * each slot, as many as there were, are not told to it: they were not its picks.
   */
  replacePolicy(create: (deps: PolicyDeps) => Policy): void {
    const [primaries, backups] = [create(this.#deps), create(this.#deps)];
    this.#primaries.replacePolicy(primaries);
    this.#backups.replacePolicy(backups);
    for (const occupant of this.#byKey.values()) {
      occupant.group.policy.setEligible(occupant.slot, occupant.eligible);
    }
    this.#former = this.#occupants.map((_, slot) => this.#counts.of(slot));
    this.#formerTotal = this.#counts.total();
  }

  /** The same object for the endpoint's life. Valid while the endpoint is a member or a pick of it is under way. */
  endpoint(slot: number): PickedEndpoint {
    const occupant = this.#occupants[slot];
    if (occupant === undefined) throw this.#notUnderWay(slot);
    return occupant;
  }

  /** False once the endpoint left: a connection of a pick that ends now is not worth keeping. */
  isMember(slot: number): boolean {
    return this.#occupants[slot]?.member === true;
  }

  /** Why the last `pick` with this `tried` was −1. */
  noneReason(tried: Tried | null): NoneReason {
    if (this.#byKey.size === 0) return 'no-endpoints';
    const eligible = this.#primaries.eligible + this.#backups.eligible;
    if (eligible === 0) return 'none-eligible';
    return this.#eligibleOf(tried) < eligible ? 'all-at-limit' : 'all-tried';
  }

  /** Takes the membership's next update; an older one than the last is ignored. */
  apply(update: MembershipUpdate): void {
    if (update.version <= this.#version) return;
    this.#version = update.version;
    if (update.kind === 'change') this.#change(update);
    else this.#replaceAll(update);
  }

  /**
   * `listener` hears of each slot whose endpoint is no member any more: its idle connections are of no use. It hears
   * of the slot once more just before another endpoint takes it, for connections that came back after the last `done`.
   */
  onLeft(listener: (slot: number) => void): void {
    this.#leftListeners.push(listener);
  }

  #wasFormer(slot: number): boolean {
    const count = this.#former[slot] ?? 0;
    if (count === 0) return false;
    this.#former[slot] = count - 1;
    this.#formerTotal--;
    return true;
  }

  #avoid(tried: Tried | null): Avoid | null {
    if (!this.#limited && (tried === null || tried.size === 0)) return null;
    this.#guard.tried = tried;
    return this.#guard;
  }

  #eligibleOf(tried: Tried | null): number {
    let count = 0;
    for (let i = 0; tried !== null && i < tried.size; i++) if (this.#occupants[tried.at(i)]?.eligible) count++;
    return count;
  }

  #change(change: MemberChange): void {
    const occupant = this.#byKey.get(change.key);
    if (occupant === undefined) return;
    occupant.addresses = change.addresses;
    const eligible = isEligible(change, occupant.endpoint.weight);
    if (eligible !== occupant.eligible) this.#setEligible(occupant, eligible);
  }

  #replaceAll(snapshot: MembershipSnapshot): void {
    const staying = new Set(snapshot.endpoints.map((each) => each.key));
    for (const occupant of this.#byKey.values()) if (!staying.has(occupant.key)) this.#leave(occupant);
    const joined: Occupant[] = [];
    for (const each of snapshot.endpoints) {
      const known = this.#byKey.get(each.key);
      if (known === undefined) joined.push(this.#join(each));
      else this.#refresh(known, each);
    }
    this.#limited = snapshot.endpoints.some((each) => each.maxConnections !== Number.POSITIVE_INFINITY);
    this.#updatePolicies(snapshot);
    // After `update`, and told also when true: a slot taken over by the same id must not inherit a verdict.
    for (const occupant of joined) occupant.group.policy.setEligible(occupant.slot, occupant.eligible);
    for (const each of snapshot.endpoints) this.#verdict(each);
  }

  #updatePolicies(snapshot: MembershipSnapshot): void {
    const primaries: Endpoint[] = [];
    const backups: Endpoint[] = [];
    for (const each of snapshot.endpoints)
      (each.backup ? backups : primaries).push(this.#byKey.get(each.key)!.endpoint);
    this.#primaries.update(primaries);
    this.#backups.update(backups);
  }

  #verdict(member: MemberSnapshot): void {
    const occupant = this.#byKey.get(member.key)!;
    const eligible = isEligible(member, member.weight);
    if (eligible !== occupant.eligible) this.#setEligible(occupant, eligible);
  }

  #setEligible(occupant: Occupant, eligible: boolean): void {
    occupant.eligible = eligible;
    occupant.group.eligible += eligible ? 1 : -1;
    occupant.group.policy.setEligible(occupant.slot, eligible);
  }

  #join(member: MemberSnapshot): Occupant {
    const slot = this.#takeSlot();
    const occupant: Occupant = {
      slot,
      id: member.id,
      key: member.key,
      group: member.backup ? this.#backups : this.#primaries,
      addresses: member.addresses,
      maxConnections: member.maxConnections,
      endpoint: describe(slot, member),
      eligible: isEligible(member, member.weight),
      member: true,
    };
    if (occupant.eligible) occupant.group.eligible++;
    this.#occupants[slot] = occupant;
    this.#limits[slot] = member.maxConnections;
    this.#byKey.set(member.key, occupant);
    return occupant;
  }

  #refresh(occupant: Occupant, member: MemberSnapshot): void {
    const { endpoint } = occupant;
    occupant.addresses = member.addresses;
    occupant.maxConnections = member.maxConnections;
    this.#limits[occupant.slot] = member.maxConnections;
    if (
      endpoint.weight !== member.weight ||
      endpoint.zone !== member.zone ||
      endpoint.location?.latitude !== member.location?.latitude ||
      endpoint.location?.longitude !== member.location?.longitude
    ) {
      occupant.endpoint = describe(occupant.slot, member);
    }
  }

  #leave(occupant: Occupant): void {
    this.#byKey.delete(occupant.key);
    occupant.member = false;
    if (occupant.eligible) occupant.group.eligible--;
    occupant.eligible = false;
    this.#tellLeft(occupant.slot);
    if (this.#counts.of(occupant.slot) === 0) this.#free(occupant);
  }

  #free(occupant: Occupant): void {
    this.#occupants[occupant.slot] = undefined;
    this.#freeSlots.push(occupant.slot);
  }

  #takeSlot(): number {
    const slot = this.#freeSlots.pop();
    if (slot === undefined) return this.#occupants.length;
    this.#tellLeft(slot);
    return slot;
  }

  #tellLeft(slot: number): void {
    for (const listener of this.#leftListeners) listener(slot);
  }

  #notUnderWay(slot: number): EquipoiseError {
    return new EquipoiseError('contract-broken', `pool ${this.#pool}: no pick of slot ${slot} is under way`);
  }
}

/** What a request must not get; one object per picker, reused by every pick. */
class LimitsAndTried implements Avoid {
  tried: Tried | null = null;
  readonly #inFlight: InFlight;
  readonly #limits: readonly number[];

  constructor(inFlight: InFlight, limits: readonly number[]) {
    this.#inFlight = inFlight;
    this.#limits = limits;
  }

  has(slot: number): boolean {
    return this.#inFlight.of(slot) >= this.#limits[slot]! || (this.tried?.has(slot) ?? false);
  }
}

function isEligible(state: Pick<MemberSnapshot, 'mode' | 'health' | 'addresses'>, weight: number): boolean {
  return state.mode === 'ready' && state.health !== 'down' && weight > 0 && state.addresses.length > 0;
}

function describe(slot: number, { id, weight, zone, location }: MemberSnapshot): Endpoint {
  return { slot, id, weight, ...(zone !== undefined && { zone }), ...(location !== undefined && { location }) };
}
