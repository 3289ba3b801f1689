import type { BreakerState, CircuitBreaker } from '../../core/guards/circuit-breaker.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import type { Endpoint } from '../../core/kernel/endpoint.ts';
import type { Avoid } from '../../core/kernel/policy.ts';
import { subset } from '../../core/load/subset.ts';
import type { MemberChange, MemberSnapshot, MembershipSnapshot } from '../membership/snapshot.ts';
import type { Role } from '../pool-options.ts';
import type { Group } from './group.ts';
import type { GuardEvent } from './guard-event.ts';
import type { GuardShare } from './guard-share.ts';
import { type GuardListener, type GuardOptions, Guards, hasGuards } from './guards.ts';
import { isWilling, type Occupant, refreshOccupant, reweigh } from './occupant.ts';
import type { Occupants } from './occupants.ts';
import type { PickerOptions } from './picker.ts';
import type { PickCounts } from './request-counts.ts';
import { heldBackOf, Roles } from './roles.ts';
import { Verdicts } from './verdicts.ts';

/** Which part of the endpoints this balancer uses, of many that serve the same ones. */
export interface SubsetOptions {
  /** Endpoints in it, ≥ 1. */
  readonly size: number;
  /** The balancers are numbered from 0 without gaps; this one's number. */
  readonly balancer: number;
}

export interface PoolGroups {
  readonly primaries: Group;
  readonly backups: Group;
}

/** Who belongs to a pool and may be picked: joins the membership's updates and the guards' verdicts, and tells the policies. */
export class Roster implements GuardListener {
  guards: Guards | null;
  /** By slot; Infinity when there is no limit. */
  readonly limits: number[] = [];
  readonly roles = new Roles();
  /** An endpoint has a limit. */
  limited = false;
  onMaintenance: (slot: number) => void = () => {};
  readonly #pool: string;
  readonly #occupants: Occupants;
  readonly #counts: PickCounts;
  readonly #primaries: Group;
  readonly #backups: Group;
  #verdicts: Verdicts;
  readonly #clock: Clock;
  readonly #guardShare: GuardShare | null;
  readonly #subset: SubsetOptions | undefined;
  readonly #onEvent: (event: GuardEvent) => void;
  /** As the membership lists them. */
  #order: readonly Occupant[] = [];
  #halfOpen = 0;
  /** A weight that a policy sees has changed. */
  #reweighed = false;

  constructor(occupants: Occupants, counts: PickCounts, groups: PoolGroups, options: PickerOptions) {
    const { guards = {}, guardShare = null, clock, subset, pool, onEvent } = options;
    this.#pool = pool;
    this.#occupants = occupants;
    this.#counts = counts;
    this.#primaries = groups.primaries;
    this.#backups = groups.backups;
    this.#clock = clock;
    this.#guardShare = guardShare;
    this.#verdicts = new Verdicts(guards.panic?.below ?? 0);
    this.#subset = subset;
    this.#onEvent = onEvent ?? (() => {});
    this.guards = hasGuards(guards) ? new Guards(guards, clock, this, guardShare) : null;
  }

  /** Whether checks, or breakers and ejections, are believed now. */
  get verdicts(): Pick<Verdicts, 'panicking' | 'lifted'> {
    return this.#verdicts;
  }

  /** Whose probes limit picks now; null: nobody's. */
  get probedBreaker(): CircuitBreaker | null {
    return this.#halfOpen > 0 && !this.#verdicts.lifted ? this.guards!.breaker : null;
  }

  /** Lets happen what is due by the clock. */
  advance(): void {
    if (this.guards!.advance() && this.#reweighed) this.#tellMembers();
  }

  /** For the thread that decides for all workers: takes in what they have seen. */
  observe(): void {
    if (this.guards === null) return;
    for (const { slot } of this.#order) this.guards.collect(slot);
    this.advance();
  }

  /** How a pick of a member ended. */
  judge(slot: number, ok: boolean, ticket: number): void {
    this.guards!.judge(slot, ok, ticket);
  }

  change({ key, mode, health, role, addresses }: MemberChange): void {
    const occupant = this.#occupants.byKey(key);
    if (occupant === undefined) return;
    occupant.addresses = addresses;
    this.roles.change(occupant.slot, role);
    this.#changeVerdicts(occupant, () => judgeByState(occupant, { mode, health, addresses }));
    this.#tellServing(occupant);
    this.roles.tell();
    if (mode === 'maintenance') this.onMaintenance(occupant.slot);
  }

  replaceAll(snapshot: MembershipSnapshot): void {
    const endpoints = this.#usedOf(snapshot.endpoints);
    const staying = new Set(endpoints.map((each) => each.key));
    for (const occupant of this.#occupants.members()) if (!staying.has(occupant.key)) this.#leave(occupant);
    const known = new Set(this.#occupants.members());
    const served = [...known].filter(({ mode }) => mode !== 'maintenance');
    this.#order = endpoints.map((each) => this.#enter(each));
    this.limited = endpoints.some((each) => each.maxConnections !== Number.POSITIVE_INFINITY);
    this.#settleVerdicts();
    const changed = this.#order.filter((each) => this.#decide(each));
    this.guards?.slowStart?.settle();
    this.#tellMembers();
    for (const occupant of changed) if (known.has(occupant)) this.#tellEligible(occupant);
    // Told also when true: a slot taken over by the same id must not inherit a verdict.
    for (const occupant of this.#order) if (!known.has(occupant)) this.#tellEligible(occupant);
    this.roles.tell();
    for (const { mode, slot } of served) if (mode === 'maintenance') this.onMaintenance(slot);
  }

  /** As if every endpoint had joined just now, but for a slow start: nobody comes back. */
  replaceGuards(options: GuardOptions): void {
    this.guards = hasGuards(options) ? new Guards(options, this.#clock, this, this.#guardShare) : null;
    this.#verdicts = new Verdicts(options.panic?.below ?? 0);
    this.#halfOpen = 0;
    for (const occupant of this.#order) {
      occupant.breaker = 'closed';
      occupant.ejected = false;
      if (reweigh(occupant, occupant.weight)) this.#reweighed = true;
      this.#setWarming(occupant, false, 'the guards are others now');
      this.#begin(occupant);
      this.#verdicts.add(occupant);
      this.#tellServing(occupant);
    }
    this.#settleVerdicts();
    const changed = this.#order.filter((each) => this.#decide(each));
    this.guards?.slowStart?.settle();
    if (this.#reweighed) this.#tellMembers();
    for (const each of changed) this.#tellEligible(each);
  }

  breakerChanged(slot: number, state: BreakerState): void {
    const occupant = this.#occupants.at(slot);
    if (occupant === undefined || !occupant.member) return;
    const from = occupant.breaker;
    this.#changeVerdicts(occupant, () => {
      if (from === 'half-open') this.#halfOpen--;
      if (state === 'half-open') this.#halfOpen++;
      occupant.breaker = state;
    });
    this.#event(occupant.id, 'breaker', from, state, reasonOf(from, state));
  }

  ejectionChanged(slot: number, ejected: boolean, reason: string): void {
    const occupant = this.#occupants.at(slot);
    if (occupant === undefined || !occupant.member) return;
    this.#changeVerdicts(occupant, () => {
      occupant.ejected = ejected;
    });
    this.#event(occupant.id, 'ejection', ejected ? 'returned' : 'ejected', ejected ? 'ejected' : 'returned', reason);
  }

  weightChanged(slot: number, weight: number): void {
    const occupant = this.#occupants.at(slot);
    if (occupant?.member !== true) return;
    if (reweigh(occupant, weight)) this.#reweighed = true;
    const isWarming = weight < occupant.weight;
    this.#setWarming(occupant, isWarming, isWarming ? 'it became eligible' : 'it has its whole weight');
  }

  factorChanged(slot: number, factor: number): void {
    this.weightChanged(slot, (this.#occupants.at(slot)?.weight ?? 0) * factor);
  }

  /** See `heldBackOf`. */
  heldBackOf(role: Role, avoid: Avoid): number {
    return heldBackOf(this.#order, this.roles, role, avoid);
  }

  #usedOf(endpoints: readonly MemberSnapshot[]): readonly MemberSnapshot[] {
    if (this.#subset === undefined) return endpoints;
    const { balancer, size } = this.#subset;
    const listed = endpoints.map((member) => ({ slot: member.key, id: member.id, member }));
    const used = new Set(subset(listed, balancer, size).map((each) => each.member));
    return endpoints.filter((each) => used.has(each));
  }

  #enter(member: MemberSnapshot): Occupant {
    const known = this.#occupants.byKey(member.key);
    const occupant = known ?? this.#occupants.join(member, member.backup ? this.#backups : this.#primaries);
    if (known === undefined) {
      this.#begin(occupant);
      this.roles.begin(occupant.slot, member.role);
    } else {
      this.#verdicts.remove(known);
      refreshOccupant(known, member);
      this.roles.change(occupant.slot, member.role);
    }
    judgeByState(occupant, member);
    this.#verdicts.add(occupant);
    this.#tellServing(occupant);
    this.limits[occupant.slot] = member.maxConnections;
    return occupant;
  }

  /** What is known of a newcomer: something only where other workers know it. */
  #begin(occupant: Occupant): void {
    const { guards } = this;
    if (guards === null) return;
    guards.join(occupant.slot);
    occupant.breaker = guards.breakerOf(occupant.slot);
    if (occupant.breaker === 'half-open') this.#halfOpen++;
    occupant.ejected = guards.isEjected(occupant.slot);
  }

  #leave(occupant: Occupant): void {
    this.#verdicts.remove(occupant);
    if (occupant.eligible) occupant.group.eligible--;
    occupant.eligible = false;
    if (occupant.breaker === 'half-open') this.#halfOpen--;
    this.guards?.leave(occupant.slot);
    this.#occupants.leave(occupant, this.#counts.ownRequestsOf(occupant.slot) === 0);
  }

  #changeVerdicts(occupant: Occupant, change: () => void): void {
    this.#verdicts.remove(occupant);
    change();
    this.#verdicts.add(occupant);
    const affected = this.#settleVerdicts() ? this.#order : [occupant];
    const changed = affected.filter((each) => this.#decide(each));
    if (changed.length === 0) return;
    this.guards?.slowStart?.settle();
    if (this.#reweighed) this.#tellMembers();
    for (const each of changed) this.#tellEligible(each);
  }

  /** True when panic or the lifting of guards began or ended: then it concerns everyone. */
  #settleVerdicts(): boolean {
    const { panicking } = this.#verdicts;
    const changed = this.#verdicts.settle();
    if (panicking === this.#verdicts.panicking) return changed;
    if (panicking) this.#event('', 'panic', 'on', 'off', 'enough endpoints pass their checks again');
    else this.#event('', 'panic', 'off', 'on', 'too few endpoints pass their checks');
    return changed;
  }

  /** Brings `eligible` and the weight up to date; true when the first has changed. */
  #decide(occupant: Occupant): boolean {
    const eligible = this.#verdicts.isEligible(occupant);
    const changed = eligible !== occupant.eligible;
    if (changed) {
      occupant.eligible = eligible;
      occupant.group.eligible += eligible ? 1 : -1;
    }
    if (!eligible) this.#setWarming(occupant, false, 'it is not eligible any more');
    const weight = this.guards?.weightOf(occupant.slot, occupant.weight, eligible) ?? null;
    if (weight !== null && reweigh(occupant, weight)) this.#reweighed = true;
    return changed;
  }

  #setWarming(occupant: Occupant, warming: boolean, reason: string): void {
    if (occupant.warming === warming) return;
    occupant.warming = warming;
    this.#event(occupant.id, 'slow-start', warming ? 'off' : 'on', warming ? 'on' : 'off', reason);
  }

  #tellMembers(): void {
    this.#reweighed = false;
    const primaries: Endpoint[] = [];
    const backups: Endpoint[] = [];
    for (const { group, endpoint } of this.#order) (group === this.#backups ? backups : primaries).push(endpoint);
    this.#primaries.update(primaries);
    this.#backups.update(backups);
  }

  #tellEligible({ group, slot, eligible }: Occupant): void {
    group.policy.setEligible(slot, eligible);
  }

  #tellServing({ slot, willing, healthy }: Occupant): void {
    this.guards?.outliers?.setServing(slot, willing && healthy);
  }

  #event(endpoint: string, what: GuardEvent['what'], from: string, to: string, reason: string): void {
    this.#onEvent({ pool: this.#pool, endpoint, what, from, to, reason });
  }
}

function judgeByState(occupant: Occupant, state: Pick<MemberChange, 'mode' | 'health' | 'addresses'>): void {
  occupant.mode = state.mode;
  occupant.willing = isWilling(state, occupant.weight);
  occupant.healthy = state.health !== 'down';
}

function reasonOf(from: BreakerState, to: BreakerState): string {
  if (to === 'half-open') return 'its time is over';
  if (to === 'closed') return from === 'open' ? 'a request that was tried anyway succeeded' : 'a probe succeeded';
  return from === 'half-open' ? 'a probe failed' : 'too many failures in a row';
}
