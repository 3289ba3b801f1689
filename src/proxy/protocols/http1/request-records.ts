import type { Clock } from '../../../core/kernel/clock.ts';
import type { Tracer } from '../../../telemetry/tracing/tracer.ts';
import type { ClientSource } from '../../client-source.ts';
import type { ProtocolDeps } from '../protocol.ts';
import type { RequestHead } from './request-head.ts';
import { RequestRecord } from './request-record.ts';
import { spansOf } from './request-spans.ts';
import { TraceDecision } from './request-trace.ts';

type ClientIpOf = (head: RequestHead, source: ClientSource) => string;

/** Which requests of a listener are recorded, and what is done with a record. */
export class RequestRecords {
  readonly #listener: string;
  readonly #clock: Clock;
  readonly #clientIpOf: ClientIpOf;
  readonly #tracer: Tracer;
  readonly #decision: TraceDecision;

  private constructor(listener: string, tracer: Tracer, clock: Clock, clientIpOf: ClientIpOf) {
    this.#listener = listener;
    this.#clock = clock;
    this.#clientIpOf = clientIpOf;
    this.#tracer = tracer;
    this.#decision = new TraceDecision(tracer);
  }

  /** Null where no request ever is. */
  static of(listener: string, { tracer, clock }: ProtocolDeps, clientIpOf: ClientIpOf): RequestRecords | null {
    return tracer === undefined ? null : new RequestRecords(listener, tracer, clock, clientIpOf);
  }

  /** Null where nobody wants to know of this request; nothing was allocated then. */
  begin(head: RequestHead, source: ClientSource): RequestRecord | null {
    const decision = this.#decision;
    if (!decision.isTraced(head, source.isTrusted)) return null;
    return new RequestRecord(decision.begin(head, this.#clientIpOf(head, source), source.ip), this.#clock);
  }

  /** Its request has ended, and so has every try. */
  end(record: RequestRecord): void {
    const { trace } = record;
    if (trace === null) return;
    const endedMs = this.#clock.now();
    const offsetMs = this.#tracer.wallClock() - endedMs;
    const parts = { listener: this.#listener, toUnixMs: (ms: number) => ms + offsetMs, endedMs };
    for (const span of spansOf(record, trace, parts)) this.#tracer.record(span);
  }
}
