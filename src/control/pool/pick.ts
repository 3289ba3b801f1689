import { EquipoiseError } from '../../core/kernel/errors.ts';
import type { Outcome } from '../../core/kernel/outcome.ts';
import type { NoneReason } from '../picker/picker.ts';
import { nameOf } from './refuse.ts';

/** Whom to ask. The same object for as long as the endpoint stays as it is. */
export interface PoolEndpoint {
  /** Unique in the pool. */
  readonly id: string;
  /** Where to connect: `10.0.0.1:80`, `[::1]:80`, `name:80`, `unix:/run/app.sock`. */
  readonly address: string;
  /** `http://10.0.0.1:80`: what an HTTP client connects to; a unix socket's is `http://localhost`. */
  readonly origin: string;
}

/** How a pick ended, as a program says it. */
export interface PickOutcome {
  /** False for connect failures, resets, time-outs and answers that count as failures. */
  readonly ok: boolean;
  /** Milliseconds to the first byte of the answer; absent or −1: this outcome says nothing about latency. */
  readonly latencyMs?: number;
  /** True: says nothing about the endpoint, for the caller gave up. Default false. */
  readonly neutral?: boolean;
  /** What the endpoint said of its own load. */
  readonly report?: Outcome['report'];
}

/** Nothing was picked. */
export interface NonePicked {
  /** Why. */
  readonly none: NoneReason;
  readonly endpoint?: undefined;
}

/** An endpoint was picked, and is counted in flight until `done`. */
export interface Picked {
  readonly endpoint: PoolEndpoint;
  readonly none?: undefined;
  /**
   * Says how it ended, exactly once. Call it as a method: it is no closure. A pick that is never done counts as in
   * flight for good: policies avoid its endpoint, and a `maxConnections` has one place less.
   *
   * Errors  throws `contract-broken` the second time, and for an outcome that is none, a latency of NaN for one: the pick has
   *         ended then all the same, and its endpoint is not judged by it.
   */
  done(outcome: PickOutcome): void;
}

/** Takes outcomes of picks. */
export interface PickOwner {
  finish(slot: number, cost: number, ticket: number, outcome: PickOutcome): void;
}

/** What `pool.pick` allocates: one object. */
export class Pick implements Picked {
  readonly endpoint: PoolEndpoint;
  declare readonly none?: undefined;
  readonly #owner: PickOwner;
  readonly #cost: number;
  readonly #ticket: number;
  /** −1 once it ended. */
  #slot: number;

  constructor(endpoint: PoolEndpoint, owner: PickOwner, slot: number, cost: number, ticket: number) {
    this.endpoint = endpoint;
    this.#owner = owner;
    this.#slot = slot;
    this.#cost = cost;
    this.#ticket = ticket;
  }

  done(outcome: PickOutcome): void {
    if (this === undefined || !(#slot in this)) {
      throw new EquipoiseError('contract-broken', 'done lost its pick: call it as pick.done(…), or bind it');
    }
    const slot = this.#slot;
    if (slot < 0) throw new EquipoiseError('contract-broken', `the pick of ${this.endpoint.id} is done already`);
    this.#slot = -1;
    const problem = problemOf(outcome);
    this.#owner.finish(slot, this.#cost, this.#ticket, problem === undefined ? outcome : SAYS_NOTHING);
    if (problem === undefined) return;
    throw new EquipoiseError('contract-broken', `done of ${this.endpoint.id}: ${problem}`);
  }
}

const SAYS_NOTHING: PickOutcome = Object.freeze({ ok: false, neutral: true });

/** What is wrong with it, and the fix. Policies learn from these numbers: one NaN would stay in their means. */
function problemOf(outcome: PickOutcome): string | undefined {
  if (typeof outcome !== 'object' || outcome === null)
    return `it was given ${nameOf(outcome)}; write { ok, latencyMs }`;
  const { ok, latencyMs, report } = outcome;
  if (typeof ok !== 'boolean') return `ok is ${nameOf(ok)}; write true or false`;
  if (latencyMs !== undefined && !Number.isFinite(latencyMs)) {
    return `latencyMs is ${nameOf(latencyMs)}; write milliseconds, or leave it out where there are none`;
  }
  return report === undefined ? undefined : problemOfReport(report);
}

const REPORTED = ['utilization', 'inFlight', 'latencyMs', 'requestsPerSecond', 'errorsPerSecond'] as const;

function problemOfReport(report: NonNullable<PickOutcome['report']>): string | undefined {
  for (const key of REPORTED) {
    const value: unknown = report?.[key];
    if (!Number.isFinite(value)) return `report.${key} is ${nameOf(value)}; write a number, −1 where nothing was said`;
  }
  return undefined;
}
