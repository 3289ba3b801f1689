import { Tried } from '../../../control/picker/picker.ts';
import type { Role } from '../../../control/pool-options.ts';
import type { LoadReport } from '../../../core/kernel/load-report.ts';
import type { Outcome } from '../../../core/kernel/outcome.ts';
import { createPickRequest } from '../../../core/kernel/policy.ts';
import { createLoadReport, readOrca, readOrcaBinary } from '../../../core/load/orca.ts';
import { latin1 } from './bytes.ts';
import type { Http1Pool } from './pool.ts';
import type { RequestHead } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';

const pickRequest = createPickRequest();
const outcome: Outcome = { ok: true, latencyMs: -1, neutral: false, report: undefined };

/**
 * The picks of one exchange, and what is owed for them: each that was taken is given back once, with its cost and ticket.
 * What a policy knows of the request is read from its head once; further tries have the same.
 */
export class Picks {
  /** Taken and not given back; −1: none. */
  slot = -1;
  /** The client's own address, behind trusted proxies. */
  clientIp = '';
  readonly tried = new Tried();
  #pool: Http1Pool | null = null;
  #key = '';
  #role: Role | null = null;
  #cost = 1;
  #ticket = -1;
  #report: LoadReport | null = null;
  #hasReport = false;

  /** For a request of `pool` whose head is parsed now. */
  begin(pool: Http1Pool, head: RequestHead, clientIp: string, role: Role | null): void {
    this.#pool = pool;
    this.clientIp = clientIp;
    this.#role = role;
    this.#key = pool.keyOf === null ? '' : pool.keyOf(head);
    this.#cost = pool.costOf === null ? 1 : pool.costOf(head);
    this.tried.clear();
  }

  /** The slot that should serve, or −1. */
  take(): number {
    pickRequest.clientIp = this.clientIp;
    pickRequest.key = this.#key;
    pickRequest.cost = this.#cost;
    const { picker } = this.#pool!;
    const slot = picker.pick(pickRequest, this.tried.size === 0 ? null : this.tried, this.#role);
    if (slot < 0) return slot;
    this.slot = slot;
    this.#ticket = picker.ticket;
    this.#hasReport = false;
    return slot;
  }

  /** What the endpoint says of its load in an answer's head; the policy hears of it with the outcome. */
  readReport({ bytes, reportStart, reportEnd, isReportBinary }: ResponseHead): void {
    this.#report ??= createLoadReport();
    const value = latin1(bytes, reportStart, reportEnd);
    this.#hasReport = isReportBinary ? readOrcaBinary(value, this.#report) : readOrca(value, this.#report);
  }

  /** A tunnel began: its endpoint proved itself now, and it may last for days. What it reported is old by the end. */
  prove(): void {
    this.#pool!.picker.judge(this.slot, true, this.#ticket);
    this.#hasReport = false;
  }

  /** Gives back what was taken. `neutral`: the endpoint had no part in how it ended. */
  release(ok: boolean, latencyMs: number, neutral: boolean): void {
    const { slot } = this;
    if (slot === -1) return;
    this.slot = -1;
    outcome.ok = ok;
    outcome.latencyMs = latencyMs;
    outcome.neutral = neutral;
    outcome.report = this.#hasReport ? this.#report! : undefined;
    this.#pool!.picker.done(slot, outcome, this.#cost, this.#ticket);
  }

  /** Lets go of the pool and of what was read. */
  end(): void {
    this.#pool = null;
    this.slot = -1;
    this.#key = '';
    this.#hasReport = false;
  }
}
