import type { Clock } from '../../../core/kernel/clock.ts';
import type { End } from '../../../telemetry/access-log/record.ts';
import type { SocketAddress } from '../../../transport/transport.ts';
import type { RouteOptions } from '../../listener-options.ts';
import { routeName } from '../../routing/route-name.ts';
import type { Failure } from './admission.ts';
import type { LiveExplanation } from './live-explanation.ts';
import type { Http1Pool } from './pool.ts';
import type { RequestHead } from './request-head.ts';
import type { RequestRecords } from './request-records.ts';
import type { RequestTrace } from './request-trace.ts';
import type { Try } from './try.ts';

/** How a try failed; `cancelled`: another one answered, or nobody waits any more. */
type TryFailure = Failure | 'cancelled';

/** One try of a request that somebody wants to know about. */
export class TryRecord {
  readonly pool: string;
  readonly endpoint: string;
  /** As far as the endpoint has one. */
  readonly address: SocketAddress | undefined;
  /** Beside an earlier one that was slow. */
  readonly isHedge: boolean;
  /** Empty where the request is not traced. */
  readonly spanId: string;
  readonly startedMs: number;
  /** From its start to the first byte of its answer; −1: none came. */
  firstByteMs = -1;
  /** −1: under way. */
  endedMs = -1;
  /** 0: it got no answer. */
  status = 0;
  failure: TryFailure | null = null;
  readonly #clock: Clock;

  constructor(pool: Http1Pool, slot: number, isHedge: boolean, spanId: string, clock: Clock) {
    const { id, addresses } = pool.picker.endpoint(slot);
    this.pool = pool.name;
    this.endpoint = id;
    this.address = addresses[0];
    this.isHedge = isHedge;
    this.spanId = spanId;
    this.startedMs = clock.now();
    this.#clock = clock;
  }

  answered(status: number): void {
    this.status = status;
    this.failure = null;
    this.firstByteMs = this.#clock.now() - this.startedMs;
  }

  /** Its pick is given back. */
  end(): void {
    if (this.status === 0) this.failure ??= 'cancelled';
    this.endedMs = this.#clock.now();
  }
}

/** Who wants to know of a request. */
type Wanted = Pick<RequestRecord, 'trace' | 'explanation'>;

/** What becomes of one request, for those who want to know: made for few requests only. */
export class RequestRecord {
  /** Where it ends: also when the listener has others meanwhile. */
  readonly records: RequestRecords;
  /** Null: it is not traced. */
  readonly trace: RequestTrace | null;
  /** Null: it is not explained. */
  readonly explanation: LiveExplanation | null;
  /** In the order in which they began. */
  readonly tries: TryRecord[] = [];
  readonly startedMs: number;
  /** As metrics and logs call it; empty: none. */
  route = '';
  /** The path that its route wants, where that is one. */
  routePath = '';
  pool = '';
  /** Who served it, or failed to, at the end. */
  endpoint = '';
  status = 0;
  end: End = 'complete';
  readonly #clock: Clock;

  constructor(records: RequestRecords, { trace, explanation }: Wanted, clock: Clock) {
    this.records = records;
    this.trace = trace;
    this.explanation = explanation;
    this.#clock = clock;
    this.startedMs = clock.now();
  }

  /** `index` −1: no route matches. */
  routed(head: RequestHead, routes: readonly RouteOptions[], index: number): void {
    this.explanation?.routed(head, routes, index);
    const route = routes[index];
    if (route === undefined) return;
    const [path = '', another] = route.match?.path ?? [];
    this.route = routeName(route.match);
    this.routePath = another === undefined ? path : '';
  }

  /** A try sets out that was picked. */
  began(each: Try, pool: Http1Pool, isHedge: boolean): void {
    const spanId = this.trace === null ? '' : this.trace.spanOfTry();
    each.record = new TryRecord(pool, each.slot, isHedge, spanId, this.#clock);
    this.tries.push(each.record);
    this.explanation?.began(each.record);
  }

  /** Before the head of a try is written: leaves out what is replaced. */
  prepare(head: RequestHead): void {
    this.trace?.cutContext(head);
  }

  /** What the answer's head says of it; empty where it is not explained. */
  explainLine(): string {
    return this.explanation === null ? '' : this.explanation.line(this.tries, this.trace?.traceId);
  }

  /** Adds what goes with a try to its head, out[0, headBytes); how long it is then. */
  sign(each: Try, out: Buffer, headBytes: number): number {
    return this.trace === null || each.record === null
      ? headBytes
      : this.trace.writeContext(each.record.spanId, out, headBytes);
  }
}
