import type { LoadReport } from '../../../core/kernel/load-report.ts';
import type { Outcome } from '../../../core/kernel/outcome.ts';
import { createLoadReport, readOrca, readOrcaBinary } from '../../../core/load/orca.ts';
import { latin1 } from './bytes.ts';
import type { Http1Pool } from './pool.ts';
import type { TryRecord } from './request-record.ts';
import type { ResponseHead } from './response-head.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

const outcome: Outcome = { ok: true, latencyMs: -1, neutral: false, report: undefined };

/** One try of a request at an endpoint: its pick, which is given back once, with its cost and ticket, and its connection. */
export class Try {
  /** Picked and not given back; −1: none. */
  slot = -1;
  upstream: UpstreamConnection | null = null;
  /** When its request went out, or its connection began; 0: neither yet. */
  sentAtMs = 0;
  /** To the first byte of its answer; −1: none came. */
  latencyMs = -1;
  /** Nothing of its request went out. */
  isUnsent = true;
  /** Its connection was there. */
  isConnected = false;
  /** Of its request; a hedge or a retry is not. */
  isFirst = true;
  /** Null: nobody wants to know of its request. */
  record: TryRecord | null = null;
  #pool: Http1Pool | null = null;
  #cost = 1;
  #ticket = -1;
  #report: LoadReport | null = null;
  #hasReport = false;

  /** The last pick that was made in `pool`. */
  begin(pool: Http1Pool, slot: number, cost: number): void {
    this.slot = slot;
    this.#pool = pool;
    this.#cost = cost;
    this.#ticket = pool.picker.ticket;
    this.#hasReport = false;
    this.sentAtMs = 0;
    this.latencyMs = -1;
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

  /** Gives back what was picked, to who waits for it. `neutral`: the endpoint had no part in how it ended. */
  release(ok: boolean, latencyMs: number, neutral: boolean): void {
    const { slot } = this;
    if (slot === -1) return;
    this.slot = -1;
    if (this.record !== null) this.#endRecord();
    outcome.ok = ok;
    outcome.latencyMs = latencyMs;
    outcome.neutral = neutral;
    outcome.report = this.#hasReport ? this.#report! : undefined;
    const { picker, gate } = this.#pool!;
    this.#pool = null;
    picker.done(slot, outcome, this.#cost, this.#ticket);
    gate.line?.wake();
  }

  #endRecord(): void {
    this.record!.end();
    this.record = null;
  }

  get cost(): number {
    return this.#cost;
  }

  /** Milliseconds since it began; −1: it has not. */
  elapsedMs(nowMs: number): number {
    return this.sentAtMs === 0 ? -1 : nowMs - this.sentAtMs;
  }
}
