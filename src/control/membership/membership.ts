import type { Clock } from '../../core/kernel/clock.ts';
import { EquipoiseError } from '../../core/kernel/errors.ts';
import type { Rng } from '../../core/kernel/rng.ts';
import type { Provider } from '../discovery/provider.ts';
import type { Resolver } from '../discovery/resolver.ts';
import { staticEndpoints } from '../discovery/static.ts';
import { firstCheckDelayMs } from '../health/checker.ts';
import type { Probe } from '../health/probe.ts';
import type { EndpointOptions, Health, HealthOptions, Mode, Role } from '../pool-options.ts';
import { type LastCheck, Member, type MemberChecks, type MemberDeps, type MemberField } from './member.ts';
import { type PreservationOptions, preserve } from './preservation.ts';
import { claimOf, outrankedBy } from './primaries.ts';
import type { Scheduler } from './scheduler.ts';
import { Slots } from './slots.ts';
import type { MembershipSnapshot, MembershipUpdate } from './snapshot.ts';
import { createTrafficWitness, type TrafficCounts } from './traffic-witness.ts';

export interface MembershipOptions {
  /** The pool's name. */
  readonly pool: string;
  readonly endpoints: readonly EndpointOptions[];
  readonly clock: Clock;
  readonly rng: Rng;
  /** Absent: names are left to whoever connects, and an endpoint's address is its name. */
  readonly resolver?: Resolver;
  /** Absent: no checks, every endpoint stays `unknown`. */
  readonly checks?: MembershipChecks;
  /** Default: `endpoints`, for good. */
  readonly provider?: Provider;
  /** Keeps endpoints of `provider` that vanish many at once; absent: every update of it is believed. */
  readonly preservation?: Omit<PreservationOptions, 'onChange'>;
  readonly onEvent?: (event: MembershipEvent) => void;
  /**
   * True while a pick of `slot` is under way, or a picker has not yet applied `leftAtVersion`, since when the slot's endpoint
   * is no member; until then the slot goes to no other. Default: never.
   */
  readonly isSlotInUse?: (slot: number, leftAtVersion: number) => boolean;
}

/** How endpoints are checked. Passed in ready-made, so that who checks nothing loads no probe. */
export interface MembershipChecks {
  readonly options: HealthOptions;
  /** The one that `options` describe. */
  readonly probe: Probe;
  readonly scheduler: Scheduler;
  /** For `skipWhileServing`; absent: nothing is skipped. */
  readonly traffic?: TrafficCounts;
}

/** One change of state, told once, with its reason. */
export interface MembershipEvent {
  readonly pool: string;
  /** Its id; empty where it concerns all. */
  readonly endpoint: string;
  readonly what: MemberField | 'weight' | 'membership' | 'preservation' | 'primaries';
  readonly from: string;
  readonly to: string;
  /** `connect refused`, `status 500, expected 200–399`, `set by a person`. */
  readonly reason: string;
}

/** An endpoint's state for people and for readiness. */
export interface EndpointState {
  readonly id: string;
  /** As configured: `10.0.0.1:80`. */
  readonly address: string;
  readonly health: Health;
  /** What its check reported, else as configured; absent: none is known. */
  readonly role?: Role;
  readonly mode: Mode;
  readonly weight: number;
  readonly backup: boolean;
  /** False: no pick reaches it, whatever the others do. */
  readonly eligible: boolean;
  /** Absent before the first check, and without checks. */
  readonly lastCheck?: LastCheck;
}

/** Who belongs to one pool and what is known of each; once per process, however many workers pick. */
export interface Membership {
  /** Resolves when every endpoint's name was answered for the first time, be it by a failure. */
  readonly settled: Promise<void>;
  /** Calls `listener` at once with a snapshot, then with each update in order. Returns how to stop it. */
  subscribe(listener: (update: MembershipUpdate) => void): () => void;
  endpoints(): readonly EndpointState[];
  /** Of the last update. */
  readonly version: number;
  /** False when there is no such endpoint. `reason` goes into the event. */
  setMode(id: string, mode: Mode, reason?: string): boolean;
  /** `weight` ≥ 0; 0 receives no pick. False when there is no such endpoint. */
  setWeight(id: string, weight: number, reason?: string): boolean;
  /** Other checks from now on, or none: what they said of an endpoint holds until the next ones say otherwise; without any, all are `unknown`. */
  setChecks(checks: MembershipOptions['checks']): void;
  /** Ends checks and resolution; nothing is told any more. */
  close(): void;
}

/** Throws `config-invalid` when an id is repeated. */
export function createMembership(options: MembershipOptions): Membership {
  return new LiveMembership(options);
}

class LiveMembership implements Membership {
  readonly settled: Promise<void>;
  readonly #pool: string;
  #onEvent: (event: MembershipEvent) => void;
  readonly #options: MembershipOptions;
  readonly #memberDeps: MemberDeps;
  #intervalMs: number;
  readonly #provider: { stop(): void };
  readonly #listeners = new Set<(update: MembershipUpdate) => void>();
  readonly #slots: Slots;
  #members = new Map<string, Member>();
  #version = 1;
  #nextKey = 0;
  /** While endpoints are being replaced one snapshot at the end stands for every change. */
  #replacing = false;
  /** Those that say they are the primary, and are used as such. */
  #primaries: readonly string[] = [];
  #closed = false;

  constructor(options: MembershipOptions) {
    const { checks } = options;
    this.#options = options;
    this.#pool = options.pool;
    this.#slots = new Slots(options.isSlotInUse ?? (() => false));
    this.#onEvent = options.onEvent ?? (() => {});
    this.#intervalMs = checks?.options.interval ?? 0;
    this.#memberDeps = {
      ...(options.resolver !== undefined && { resolver: options.resolver }),
      clock: options.clock,
      claimOf: (member, before) => claimOf(member, before, [...this.#members.values()]),
      outrankedBy: (member) => outrankedBy(member, [...this.#members.values()]),
      onChange: (member, what, from, to, reason) => this.#changed(member, what, from, to, reason),
      ...(checks !== undefined && { health: memberChecks(options, checks) }),
    };
    this.#provider = this.#providerOf(options).start((found) => this.#replace(found));
    this.settled = Promise.all([...this.#members.values()].map((each) => each.settled)).then(() => {});
  }

  subscribe(listener: (update: MembershipUpdate) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#snapshot());
    return () => void this.#listeners.delete(listener);
  }

  get version(): number {
    return this.#version;
  }

  endpoints(): readonly EndpointState[] {
    return [...this.#members.values()].map(describe);
  }

  setMode(id: string, mode: Mode, reason = 'set by a person'): boolean {
    const member = this.#members.get(id);
    member?.setMode(mode, reason);
    return member !== undefined;
  }

  setWeight(id: string, weight: number, reason = 'set by a person'): boolean {
    const member = this.#members.get(id);
    if (member === undefined) return false;
    const from = member.weight;
    if (from === weight) return true;
    member.weight = weight;
    this.#tell({ ...this.#snapshot(), version: ++this.#version });
    this.#event(id, 'weight', `${from}`, `${weight}`, reason);
    return true;
  }

  setChecks(checks: MembershipOptions['checks']): void {
    this.#intervalMs = checks?.options.interval ?? 0;
    if (checks === undefined) delete this.#memberDeps.health;
    else this.#memberDeps.health = memberChecks(this.#options, checks);
    const members = [...this.#members.values()];
    members.forEach((member, index) => {
      member.checkAnew(firstCheckDelayMs(index, members.length, this.#intervalMs));
    });
  }

  close(): void {
    this.#closed = true;
    this.#onEvent = () => {};
    this.#provider.stop();
    for (const member of this.#members.values()) member.stop();
    this.#listeners.clear();
  }

  #providerOf({ provider, preservation, endpoints }: MembershipOptions): Provider {
    if (provider === undefined) return staticEndpoints.create({ type: 'static', endpoints });
    if (preservation === undefined) return provider;
    const onChange = (state: 'on' | 'off', reason: string) =>
      this.#event('', 'preservation', state === 'on' ? 'off' : 'on', state, reason);
    return preserve(provider, { ...preservation, onChange });
  }

  #replace(endpoints: readonly EndpointOptions[]): void {
    if (this.#closed) return;
    this.#refuseRepeated(endpoints);
    this.#replacing = true;
    const before = this.#members;
    this.#members = new Map();
    const joined: Member[] = [];
    for (const each of endpoints) {
      const known = before.get(each.id);
      const stays = known?.is(each) === true;
      const member = stays ? known : new Member(this.#nextKey++, this.#slots.take(), each, this.#memberDeps);
      this.#members.set(each.id, member);
      if (stays) this.#configure(member, each);
      else joined.push(member);
    }
    for (const member of before.values()) if (this.#members.get(member.id) !== member) this.#leave(member);
    joined.forEach((member, index) => void this.#join(member, index, joined.length));
    this.#reviewPrimaries();
    this.#replacing = false;
    this.#tell({ ...this.#snapshot(), version: ++this.#version });
  }

  #join(member: Member, index: number, count: number): void {
    this.#event(member.id, 'membership', 'absent', 'member', 'configuration');
    member.start(firstCheckDelayMs(index, count, this.#intervalMs));
  }

  #leave(member: Member): void {
    // After those who join now took theirs: a slot says by id who has it, and the id may be the same.
    this.#slots.leave(member.slot, this.#version + 1);
    member.stop();
    this.#event(member.id, 'membership', 'member', 'absent', 'configuration');
  }

  #configure(member: Member, options: EndpointOptions): void {
    const from = member.weight;
    member.configure(options);
    if (member.weight !== from) this.#event(member.id, 'weight', `${from}`, `${member.weight}`, 'configuration');
  }

  #changed(member: Member, what: MemberField, from: string, to: string, reason: string): void {
    if (from !== to && !this.#replacing) {
      const { key, mode, health, role, addresses } = member.snapshot();
      const state = { mode, health, ...(role !== undefined && { role }), addresses };
      this.#tell({ kind: 'change', version: ++this.#version, key, ...state });
    }
    this.#event(member.id, what, from, to, reason);
    if (!this.#replacing && (what === 'role' || what === 'mode')) this.#reviewPrimaries();
  }

  #reviewPrimaries(): void {
    for (const member of this.#members.values()) member.review();
    const before = this.#primaries;
    const all = [...this.#members.values()].filter(({ role }) => role === 'primary');
    this.#primaries = all.filter(({ reportedRole }) => reportedRole === 'primary').map(({ id }) => id);
    const { length } = this.#primaries;
    if (length === before.length || Math.max(length, before.length) < 2) return;
    const reason = length < 2 ? 'there are not several any more' : `${this.#primaries.join(', ')} say so; all are used`;
    this.#event('', 'primaries', `${before.length}`, `${length}`, reason);
  }

  #snapshot(): MembershipSnapshot {
    const endpoints = [...this.#members.values()].map((each) => each.snapshot());
    return { kind: 'snapshot', version: this.#version, endpoints };
  }

  #tell(update: MembershipUpdate): void {
    for (const listener of this.#listeners) listener(update);
  }

  #event(endpoint: string, what: MembershipEvent['what'], from: string, to: string, reason: string): void {
    this.#onEvent({ pool: this.#pool, endpoint, what, from, to, reason });
  }

  #refuseRepeated(endpoints: readonly EndpointOptions[]): void {
    const ids = new Set<string>();
    for (const { id } of endpoints) {
      if (ids.has(id)) {
        throw new EquipoiseError('config-invalid', `pool ${this.#pool}: two endpoints have the id '${id}'`);
      }
      ids.add(id);
    }
  }
}

function describe(member: Member): EndpointState {
  const { id, mode, health, role, weight, backup, addresses } = member.snapshot();
  const eligible = mode === 'ready' && health !== 'down' && weight > 0 && addresses.length > 0;
  const { address, lastCheck } = member;
  const state = { id, address, health, ...(role !== undefined && { role }), mode, weight, backup, eligible };
  return { ...state, ...(lastCheck !== undefined && { lastCheck }) };
}

function memberChecks(options: MembershipOptions, checks: MembershipChecks): MemberChecks {
  const { traffic, options: health } = checks;
  const witness = traffic && health.skipWhileServing === true ? createTrafficWitness(traffic) : undefined;
  return { options: health, checker: checkerDeps(options, checks), ...(witness && { traffic: witness }) };
}

function checkerDeps({ clock, rng }: MembershipOptions, { options, probe, scheduler }: MembershipChecks) {
  const { timeout, jitter } = options;
  return { clock, rng, scheduler, probe, timeoutMs: timeout, jitter };
}
