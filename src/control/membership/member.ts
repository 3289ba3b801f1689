import type { Clock } from '../../core/kernel/clock.ts';
import type { SocketAddress } from '../../transport/transport.ts';
import type { Resolution, Resolver, Watch } from '../discovery/resolver.ts';
import type { CheckResult } from '../health/check.ts';
import { type Checker, type CheckerDeps, startChecker } from '../health/checker.ts';
import { initialVerdict, judge, type Verdict } from '../health/verdict.ts';
import type { EndpointOptions, HealthOptions, Mode } from '../pool-options.ts';
import { authorityOf, formatAddress, hostToResolve, socketAddresses } from './address.ts';
import type { MemberSnapshot } from './snapshot.ts';

export interface MemberDeps {
  /** Absent: whoever connects resolves names. */
  readonly resolver?: Resolver;
  /** Absent: no checks. */
  health?: { readonly options: HealthOptions; readonly checker: CheckerDeps };
  readonly clock: Clock;
  /** One of `health`, `mode`, `addresses` changed from `from` to `to`. */
  readonly onChange: (member: Member, what: MemberField, from: string, to: string, reason: string) => void;
}

/** What of a member may change by itself or by a person's word. */
export type MemberField = 'health' | 'mode' | 'addresses';

/** The last check of an endpoint that said something about it. */
export interface LastCheck {
  readonly ok: boolean;
  readonly reason: string;
  readonly latencyMs: number;
  /** By the membership's clock. */
  readonly at: number;
}

/** One endpoint while it is a member: its addresses, its verdict and its mode. */
export class Member {
  readonly key: number;
  readonly slot: number;
  readonly #deps: MemberDeps;
  #options: EndpointOptions;
  #mode: Mode;
  #weight: number;
  #verdict: Verdict;
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

  /** All of it as plain data. */
  snapshot(): MemberSnapshot {
    const { id, zone, location, maxConnections = Number.POSITIVE_INFINITY, backup } = this.#options;
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
    const target = () => ({ addresses: this.#addresses, authority });
    this.#checker = startChecker(target, delayMs, health.checker, (result) => this.#checked(result, health.options));
  }

  #checked({ kind, reason, latencyMs }: CheckResult, options: HealthOptions): void {
    if (kind === 'not-run') return;
    const ok = kind === 'passed';
    const before = this.#verdict.health;
    this.#lastCheck = { ok, reason, latencyMs, at: this.#deps.clock.now() };
    this.#verdict = judge(this.#verdict, ok, options);
    const { health } = this.#verdict;
    if (health !== before) this.#deps.onChange(this, 'health', before, health, reason);
  }
}
