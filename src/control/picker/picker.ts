import { isProbe, NO_TICKET } from '../../core/guards/breaker-word.ts';
import type { CircuitBreaker } from '../../core/guards/circuit-breaker.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import type { Location } from '../../core/kernel/endpoint.ts';
import { EquipoiseError } from '../../core/kernel/errors.ts';
import type { Outcome } from '../../core/kernel/outcome.ts';
import type { Avoid, InFlight, PickRequest, Policy, PolicyDeps } from '../../core/kernel/policy.ts';
import type { Rng } from '../../core/kernel/rng.ts';
import type { MembershipUpdate } from '../membership/snapshot.ts';
import type { Role } from '../pool-options.ts';
import { explainPick, type PickExplanation } from './explanation.ts';
import { FormerPicks } from './former-picks.ts';
import { Group } from './group.ts';
import type { GuardEvent } from './guard-event.ts';
import type { GuardShare } from './guard-share.ts';
import type { GuardOptions } from './guards.ts';
import { type NoneReason, noneReason } from './none-reason.ts';
import type { PickedEndpoint } from './occupant.ts';
import { Occupants } from './occupants.ts';
import { type PickState, pickState } from './pick-state.ts';
import { type PickCounts, RequestCounts } from './request-counts.ts';
import type { Roles } from './roles.ts';
import { Roster, type SubsetOptions } from './roster.ts';
import type { ServedTally } from './served-counts.ts';
import { Tried } from './tried.ts';
import { Unfit } from './unfit.ts';

export { type NoneReason, type PickedEndpoint, type PickState, Tried };

/** Another worker takes the last place of what we picked; as often as that in a row it does not happen. */
const MOST_RACES = 16;

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
  /** Default: of its own. */
  readonly counts?: PickCounts;
  /** See `PolicyDeps`. */
  readonly cursor?: Int32Array;
  /** Default: none. */
  readonly guards?: GuardOptions;
  /** Absent: no other picker shares its guards. */
  readonly guardShare?: GuardShare;
  /** Hears how picks ended, whatever guards there are. Default: nobody does. */
  readonly served?: ServedTally;
  /** Absent: every endpoint of the membership. */
  readonly subset?: SubsetOptions;
  /** Hears what guards decide. */
  readonly onEvent?: (event: GuardEvent) => void;
}

/**
 * Picks endpoints of one pool in one worker: the membership's updates, a policy, guards and the limits make a slot.
 *
 * Eligible   see `Verdicts`. Told to the policy by events.
 * Per pick   endpoints already tried, those at `maxConnections`, and half-open ones with every probe under way are avoided;
 *            the last are taken all the same where nobody else is left.
 * Backups    have a policy of their own, asked when the primaries' finds none for this request: none is eligible, or
 *            each eligible one was tried or is at its limit. That is nginx's rule; without it a pool without checks
 *            would answer 502 for a dead primary although its backup could serve.
 * Cost       what the policy costs; `pick` and `done` allocate nothing. A change is O(1), a snapshot O(endpoints).
 */
export class Picker {
  readonly inFlight: InFlight;
  readonly #pool: string;
  readonly #deps: PolicyDeps;
  readonly #counts: PickCounts;
  readonly #primaries: Group;
  readonly #backups: Group;
  readonly #occupants = new Occupants();
  readonly #roster: Roster;
  readonly #unfit: Unfit;
  readonly #former = new FormerPicks();
  readonly #served: ServedTally | undefined;
  #ticket = NO_TICKET;
  /** What was chosen last is none of the policy's: it hears of no outcome. */
  #isHeldBack = false;
  #version = 0;

  constructor(options: PickerOptions) {
    const { clock, rng, zone, locate, createPolicy, pool, counts = new RequestCounts(), cursor } = options;
    this.#counts = counts;
    this.#deps = {
      clock,
      rng,
      inFlight: counts,
      ...(zone !== undefined && { zone }),
      ...(locate && { locate }),
      ...(cursor && { cursor }),
    };
    this.#pool = pool;
    this.#served = options.served;
    this.inFlight = this.#counts;
    this.#primaries = new Group(createPolicy(this.#deps));
    this.#backups = new Group(createPolicy(this.#deps));
    this.#roster = new Roster(
      this.#occupants,
      this.#counts,
      { primaries: this.#primaries, backups: this.#backups },
      options,
    );
    this.#unfit = new Unfit(this.#counts, this.#roster.limits, this.#roster.roles);
  }

  /**
   * The slot to serve, counted in flight at once with the request's cost, a whole number of at least 1; or −1. `tried` is
   * null or empty on the first try. Only an endpoint of `role` will do where one is named.
   */
  pick(request: PickRequest, tried: Tried | null, role: Role | null = null): number {
    const { guards } = this.#roster;
    if (guards !== null) this.#roster.advance();
    for (let races = 0; races < MOST_RACES; races++) {
      const slot = this.#choose(request, tried, role);
      if (slot < 0) return slot;
      if (!this.#counts.tryStart(slot, request.cost, this.#roster.limits[slot]!)) continue;
      if (guards?.breaker && !this.#enter(guards.breaker, slot)) {
        this.#counts.finish(slot, request.cost);
        continue;
      }
      if (this.#isHeldBack) this.#former.add(slot);
      return slot;
    }
    return -1;
  }

  /** Of the last pick, for its `done`: without it one that began before its breaker changed is taken for one of the new state. */
  get ticket(): number {
    return this.#ticket;
  }

  /**
   * Ends a pick: releases it in flight and tells the policy and the guards. Exactly once for each pick ≥ 0, with its cost,
   * also after the endpoint left. Throws `contract-broken` when no pick of the slot is under way.
   */
  done(slot: number, outcome: Outcome, cost = 1, ticket = NO_TICKET): void {
    const occupant = this.#occupants.at(slot);
    const isUnderWay = this.#counts.ownRequestsOf(slot) > 0 && this.#counts.of(slot) >= cost;
    if (occupant === undefined || !isUnderWay) throw this.#notUnderWay(slot);
    this.#counts.finish(slot, cost);
    if (this.#former.total === 0 || !this.#former.take(slot)) occupant.group.policy.done(slot, outcome);
    if (outcome.neutral !== true) this.#served?.record(slot, outcome.ok);
    if (!occupant.member) {
      if (this.#counts.ownRequestsOf(slot) === 0) this.#occupants.free(occupant);
      return;
    }
    const { guards } = this.#roster;
    if (guards === null) return;
    if (outcome.neutral === true) guards.neutral(slot, ticket);
    else this.#roster.judge(slot, outcome.ok, ticket);
  }

  /**
   * A pick that goes on for long has proved itself, or not: tells the guards before its end, which is `neutral` then. For
   * connections and tunnels, which would hold a half-open breaker's probe for hours.
   */
  judge(slot: number, ok: boolean, ticket = NO_TICKET): void {
    this.#served?.record(slot, ok);
    if (this.#roster.guards !== null && this.isMember(slot)) this.#roster.judge(slot, ok, ticket);
  }

  /**
   * Up to `count` different slots in order of preference for the request, primaries before backups; nothing is counted
   * in flight. Undefined when the policy has no such order.
   */
  pickMany(request: PickRequest, count: number): number[] | undefined {
    if (this.#roster.guards !== null) this.#roster.advance();
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
    for (const { group, slot, eligible } of this.#occupants.members()) group.policy.setEligible(slot, eligible);
    this.#former.reset(this.#occupants.slots, this.#counts);
  }

  /** Other guards hold from now on; what the former ones knew is forgotten. */
  replaceGuards(guards: GuardOptions): void {
    this.#roster.replaceGuards(guards);
  }

  /** The same object for the endpoint's life. Valid while the endpoint is a member or a pick of it is under way. */
  endpoint(slot: number): PickedEndpoint {
    const occupant = this.#occupants.at(slot);
    if (occupant === undefined) throw this.#notUnderWay(slot);
    return occupant;
  }

  /** Of the members, for whoever has connections to end when one changes. */
  get roles(): Roles {
    return this.#roster.roles;
  }

  /** How many endpoints it picks from, eligible or not. */
  get members(): number {
    return this.#occupants.size;
  }

  /** False once the endpoint left: a connection of a pick that ends now is not worth keeping. */
  isMember(slot: number): boolean {
    return this.#occupants.at(slot)?.member === true;
  }

  /** Requests in flight, whatever they cost. */
  requestsOf(slot: number): number {
    return this.#counts.requestsOf(slot);
  }

  /** As of now: what is due happens first. */
  stateOf(slot: number): PickState {
    const { guards } = this.#roster;
    if (guards !== null) this.#roster.advance();
    const occupant = this.#occupants.at(slot);
    if (occupant === undefined) return { eligible: false };
    return pickState(occupant, guards);
  }

  /** Why the last `pick` with this `tried` and this `role` was −1. */
  noneReason(tried: Tried | null, role: Role | null = null): NoneReason {
    const eligible = this.#primaries.eligible + this.#backups.eligible;
    return noneReason(this.#occupants, eligible, this.roles, tried, role);
  }

  /**
   * Where the next such pick will go, and what speaks for and against each endpoint; see `previewPick`. Other workers may
   * take meanwhile what is shared.
   */
  explain(request: PickRequest, tried: Tried | null = null, role: Role | null = null): PickExplanation {
    if (this.#roster.guards !== null) this.#roster.advance();
    const saved = [this.#deps.rng.save?.(), this.#primaries.policy.save?.(), this.#backups.policy.save?.()];
    const slot = this.#choose(request, tried, role);
    const none = slot < 0 ? this.noneReason(tried, role) : undefined;
    const avoid = this.#avoid(tried, role);
    const parts = { roster: this.#roster, counts: this.#counts, backups: this.#backups, tried, role, avoid, none };
    // Before anything is brought back: the numbers are those that the pick went by.
    const explanation = explainPick(slot, request, this.#occupants, parts);
    for (const restore of saved) restore?.();
    return explanation;
  }

  /** For the thread that decides for all workers, now and then: decides by what they have seen, and hears of their verdicts. */
  observe(): void {
    this.#roster.observe();
  }

  /** Takes the membership's next update; an older one than the last is ignored. */
  apply(update: MembershipUpdate): void {
    if (update.version <= this.#version) return;
    this.#version = update.version;
    if (update.kind === 'change') this.#roster.change(update);
    else this.#roster.replaceAll(update);
  }

  /**
   * `listener` hears of each slot whose endpoint is no member any more: its idle connections are of no use. It hears
   * of the slot once more just before another endpoint takes it, for connections that came back after the last `done`. Returns how to stop it.
   */
  onLeft(listener: (slot: number) => void): () => void {
    return this.#occupants.onLeft(listener);
  }

  #choose(request: PickRequest, tried: Tried | null, role: Role | null): number {
    let slot = this.#ask(request, this.#avoid(tried, role));
    if (slot < 0 && this.#unfit.breaker !== null) {
      this.#unfit.breaker = null;
      slot = this.#ask(request, this.#unfit);
    }
    this.#isHeldBack = slot < 0 && role !== null;
    return this.#isHeldBack ? this.#roster.heldBackOf(role!, this.#unfit) : slot;
  }

  /** False: since the breaker was asked another worker took the last probe's place, or opened it. */
  #enter(breaker: CircuitBreaker, slot: number): boolean {
    this.#ticket = breaker.start(slot);
    return this.#unfit.breaker === null || isProbe(this.#ticket) || breaker.admits(slot);
  }

  /** `listener` hears of each slot whose endpoint is in maintenance now. */
  onMaintenance(listener: (slot: number) => void): void {
    this.#roster.onMaintenance = listener;
  }

  /** Whose slot it is: a member, or one that left and has picks under way. */
  holderOf(slot: number): PickedEndpoint | undefined {
    return this.#occupants.at(slot);
  }

  #ask(request: PickRequest, avoid: Avoid | null): number {
    const slot = this.#primaries.eligible > 0 ? this.#primaries.policy.pick(request, avoid) : -1;
    return slot < 0 && this.#backups.eligible > 0 ? this.#backups.policy.pick(request, avoid) : slot;
  }

  #avoid(tried: Tried | null, role: Role | null): Avoid | null {
    const breaker = this.#roster.probedBreaker;
    this.#unfit.breaker = breaker;
    this.#unfit.role = role;
    const isFirst = tried === null || tried.size === 0;
    if (breaker === null && role === null && !this.#roster.limited && isFirst) return null;
    this.#unfit.tried = tried;
    return this.#unfit;
  }

  #notUnderWay(slot: number): EquipoiseError {
    return new EquipoiseError('contract-broken', `pool ${this.#pool}: no pick of slot ${slot} is under way`);
  }
}
