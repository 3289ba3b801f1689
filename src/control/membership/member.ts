import type { Clock } from '../../core/kernel/clock.ts';
import type { SocketAddress } from '../../transport/transport.ts';
import type { Resolution, Resolver, Watch } from '../discovery/resolver.ts';
import type { CheckResult } from '../health/check.ts';
import { type Checker, type CheckerDeps, type CheckSubject, startChecker } from '../health/checker.ts';
import { initialVerdict, intervalAfter, judge, type Verdict } from '../health/verdict.ts';
import type { EndpointOptions, HealthOptions, Mode, Role } from '../pool-options.ts';
import { authorityOf, formatAddress, hostToResolve, socketAddresses } from './address.ts';
import type { Claimant } from './primaries.ts';
import type { MemberSnapshot } from './snapshot.ts';
import type { TrafficWitness } from './traffic-witness.ts';

export interface MemberDeps {
  /** Absent: whoever connects resolves names. */
  readonly resolver?: Resolver;
  /** Absent: no checks. */
  health?: MemberChecks;
  readonly clock: Clock;
  /** One of `health`, `mode`, `addresses`, `role` changed from `from` to `to`. */
  readonly onChange: (member: Member, what: MemberField, from: string, to: string, reason: string) => void;
  /** How well it is entitled to the role that its check says now and did not before. */
  readonly claimOf: (member: Member, before: Role | undefined) => number;
  /** Who is the primary in its place. */
  readonly outrankedBy: (member: Member) => Claimant | undefined;
}

/** How a member is checked. */
export interface MemberChecks {
  readonly options: HealthOptions;
  readonly checker: CheckerDeps;
  /** Absent: every check is due. */
  readonly traffic?: TrafficWitness;
}

/** What of a member may change by itself or by a person's word. */
export type MemberField = 'health' | 'mode' | 'addresses' | 'role';

/** The last check of an endpoint that said something about it. */
export interface LastCheck {
  readonly ok: boolean;
  readonly reason: string;
  readonly latencyMs: number;
  /** By the membership's clock. */
  readonly at: number;
}

/** One endpoint while it is a member: its addresses, its verdict, its role and its mode. */
export class Member implements Claimant {
  readonly key: number;
  readonly slot: number;
  readonly #deps: MemberDeps;
  #options: EndpointOptions;
  #mode: Mode;
  #weight: number;
  #verdict: Verdict;
  /** By the last check that knew. */
  #reportedRole: Role | undefined;
  #claim = 0;
  /** Another one is the primary, whatever this one says. */
  #isOutranked = false;
  #addresses: readonly SocketAddress[];
  #lastCheck: LastCheck | undefined;
  #watch: Watch | undefined;
  #checker: Checker | undefined;
  #settle: () => void = () => {};
  /** Resolved once the endpoint's name was answered for the first time, be it by a failure. */
  readonly settled: Promise<void>;

  constructor(key: number, slot: number, options: EndpointOptions, deps: MemberDeps) {
    this.key = key;
    this.slot = slot;
    this.#deps = deps;
    this.#options = options;
    this.#mode = options.mode;
    this.#weight = options.weight;
    this.#verdict = initialVerdict(deps.health?.options.initial ?? 'unknown');
    const host = deps.resolver === undefined ? hostToResolve(options.address) : null;
    this.#addresses = socketAddresses(options.address, host === null ? [] : [host]);
    this.settled = new Promise((resolve) => (this.#settle = resolve));
  }

  get id(): string {
    return this.#options.id;
  }

  /** Begins to resolve the name and to check, the first check `delayMs` after there is an address. */
  start(delayMs: number): void {
    const host = hostToResolve(this.#options.address);
    const { resolver } = this.#deps;
    if (host !== null && resolver !== undefined) {
      this.#watch = resolver.watch(host, (resolution) => this.#resolved(resolution, delayMs));
      return;
    }
    this.#startChecks(delayMs);
    this.#settle();
  }

  /** By the checks that `deps` have now, the first after `delayMs`. */
  checkAnew(delayMs: number): void {
    this.#checker?.stop();
    this.#checker = undefined;
    if (this.#deps.health !== undefined) {
      if (this.#addresses.length > 0) this.#startChecks(delayMs);
      return;
    }
    const { health } = this.#verdict;
    this.#verdict = initialVerdict('unknown');
    if (health !== 'unknown') this.#deps.onChange(this, 'health', health, 'unknown', 'no checks any more');
  }

  stop(): void {
    this.#watch?.stop();
    this.#checker?.stop();
    this.#settle();
  }

  /** True when these options describe the same endpoint, perhaps with other properties. */
  is(options: EndpointOptions): boolean {
    const { address, backup } = this.#options;
    return formatAddress(options.address) === formatAddress(address) && options.backup === backup;
  }

  /** Takes over what the configuration changed; what was set at run time stays where it did not. */
  configure(options: EndpointOptions): void {
    const before = this.#options;
    this.#options = options;
    if (options.weight !== before.weight) this.#weight = options.weight;
    if (options.mode !== before.mode) this.setMode(options.mode, 'configuration');
    if (this.#reportedRole === undefined) this.#tellRole(before.role, options.role, 'configuration');
  }

  setMode(mode: Mode, reason: string): void {
    const from = this.#mode;
    if (from === mode) return;
    this.#mode = mode;
    this.#deps.onChange(this, 'mode', from, mode, reason);
  }

  get weight(): number {
    return this.#weight;
  }

  set weight(weight: number) {
    this.#weight = weight;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** What it is used as. */
  get role(): Role | undefined {
    return this.#isOutranked ? undefined : (this.#reportedRole ?? this.#options.role);
  }

  get reportedRole(): Role | undefined {
    return this.#reportedRole;
  }

  get answers(): boolean {
    return this.#lastCheck?.ok === true;
  }

  get claim(): number {
    return this.#claim;
  }

  /** Another one may outrank it now, or does no longer. */
  review(): void {
    const other = this.#deps.outrankedBy(this);
    if (this.#isOutranked === (other !== undefined)) return;
    const from = this.role;
    this.#isOutranked = other !== undefined;
    this.#tellRole(from, this.role, other ? yields(other) : 'it says primary, and nobody else is any more');
  }

  /** All of it as plain data. */
  snapshot(): MemberSnapshot {
    const { id, zone, location, maxConnections = Number.POSITIVE_INFINITY, backup } = this.#options;
    const { role } = this;
    return {
      key: this.key,
      slot: this.slot,
      id,
      weight: this.#weight,
      ...(zone !== undefined && { zone }),
      ...(location !== undefined && { location }),
      maxConnections,
      backup,
      mode: this.#mode,
      health: this.#verdict.health,
      ...(role !== undefined && { role }),
      addresses: this.#addresses,
    };
  }

  /** The configured address as people write it. */
  get address(): string {
    return formatAddress(this.#options.address);
  }

  get lastCheck(): LastCheck | undefined {
    return this.#lastCheck;
  }

  #resolved({ addresses, failure }: Resolution, delayMs: number): void {
    const found = socketAddresses(this.#options.address, addresses);
    const from = this.#addresses.map(formatAddress).join(' ');
    const to = found.map(formatAddress).join(' ');
    // The same ones stay the same objects: what probes know of an address hangs on them.
    if (from !== to) this.#addresses = found;
    const reason = failure === undefined ? 'resolved' : `could not be resolved: ${failure}`;
    if (from !== to || failure !== undefined) this.#deps.onChange(this, 'addresses', from, to, reason);
    if (this.#addresses.length > 0) this.#startChecks(delayMs);
    this.#settle();
  }

  #startChecks(delayMs: number): void {
    const { health } = this.#deps;
    if (health === undefined || this.#checker !== undefined) return;
    const authority = authorityOf(this.#options.address);
    const { options } = health;
    const subject: CheckSubject = {
      target: () => ({ addresses: this.#addresses, authority }),
      isProven: () => this.#isProven(health),
      intervalMs: () => intervalAfter(this.#verdict, options),
      report: (result) => this.#checked(result, options),
    };
    this.#checker = startChecker(subject, delayMs, health.checker);
  }

  #checked({ kind, reason, latencyMs, role }: CheckResult, options: HealthOptions): void {
    if (kind === 'not-run') return;
    const ok = kind === 'passed';
    // Before it may be up again: whoever comes back as another must not get what it had.
    if (role !== undefined) this.#report(role, reason);
    const before = this.#verdict.health;
    this.#lastCheck = { ok, reason, latencyMs, at: this.#deps.clock.now() };
    this.#verdict = judge(this.#verdict, ok, options);
    const { health } = this.#verdict;
    if (health !== before) this.#deps.onChange(this, 'health', before, health, reason);
  }

  /** At once: two checks in a row that agree are too late for writes that go to the wrong one. */
  #report(role: Role, reason: string): void {
    const before = this.#reportedRole;
    if (role === before) return;
    const from = this.role;
    this.#reportedRole = role;
    this.#claim = this.#deps.claimOf(this, before);
    const other = this.#deps.outrankedBy(this);
    this.#isOutranked = other !== undefined;
    this.#tellRole(from, this.role, other ? yields(other) : reason);
  }

  #tellRole(from: Role | undefined, to: Role | undefined, reason: string): void {
    if (from !== to) this.#deps.onChange(this, 'role', from ?? 'none', to ?? 'none', reason);
  }

  /** Its requests say what a check would. */
  #isProven({ traffic }: MemberChecks): boolean {
    const { health, against } = this.#verdict;
    if (traffic === undefined) return false;
    const isProven = traffic.isProven(this.slot);
    return isProven && health === 'up' && against === 0;
  }
}

const yields = (to: Claimant) => `it says primary, but ${to.id} is`;
