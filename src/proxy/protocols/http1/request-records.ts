import type { Clock } from '../../../core/kernel/clock.ts';
import type { Tracer } from '../../../telemetry/tracing/tracer.ts';
import type { ClientSource } from '../../client-source.ts';
import type { LiveExplain } from '../../explanation.ts';
import type { ProtocolDeps } from '../protocol.ts';
import { mayExplain } from './explain-caller.ts';
import { LiveExplanation } from './live-explanation.ts';
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
  readonly #decision: TraceDecision | null;
  readonly #explain: LiveExplain | null;
  /** Null: none is traced. */
  readonly tracer: Tracer | null;

  private constructor(listener: string, { tracing, liveExplain, clock }: ProtocolDeps, clientIpOf: ClientIpOf) {
    const tracer = tracing?.current ?? null;
    this.#listener = listener;
    this.#clock = clock;
    this.#clientIpOf = clientIpOf;
    this.tracer = tracer;
    this.#decision = tracer === null ? null : new TraceDecision(tracer);
    this.#explain = liveExplain ?? null;
  }

  /** Null where no request ever is. */
  static of(listener: string, deps: ProtocolDeps, clientIpOf: ClientIpOf): RequestRecords | null {
    return (deps.tracing?.current ?? deps.liveExplain) ? new RequestRecords(listener, deps, clientIpOf) : null;
  }

  /** Null where nobody wants to know of this request; nothing was allocated then. */
  begin(head: RequestHead, source: ClientSource): RequestRecord | null {
    const isTraced = this.#decision?.isTraced(head, source.isTrusted) === true;
    const isExplained = head.explainField >= 0 && this.#explain !== null && mayExplain(this.#explain, head, source);
    if (!isTraced && !isExplained) return null;
    const clientIp = this.#clientIpOf(head, source);
    const trace = isTraced ? this.#decision!.begin(head, clientIp, source.ip) : null;
    if (isTraced) this.tracer!.begin();
    const explanation = isExplained ? new LiveExplanation(this.#listener, this.#explain!, clientIp) : null;
    return new RequestRecord(this, { trace, explanation }, this.#clock);
  }

  /** Its request has ended, and so has every try. */
  end(record: RequestRecord): void {
    const { trace } = record;
    const { tracer } = this;
    if (trace === null || tracer === null) return;
    const endedMs = this.#clock.now();
    const offsetMs = tracer.wallClock() - endedMs;
    const parts = { listener: this.#listener, toUnixMs: (ms: number) => ms + offsetMs, endedMs };
    for (const span of spansOf(record, trace, parts)) tracer.record(span);
    tracer.ended();
  }
}
