import type { ConnectionRecord, End } from '../../../telemetry/access-log/record.ts';
import { type Attribute, SERVER, type Span } from '../../../telemetry/tracing/span.ts';
import type { Tracer } from '../../../telemetry/tracing/tracer.ts';

/** Ends that are an error of the span: a client that went away, or time, are not. */
const FAILURES: readonly End[] = ['no-endpoint', 'turned-away', 'endpoint-failed', 'endpoint-timeout'];

/** One connection that is traced: it begins a trace, and is its only span. */
export class ConnectionTrace {
  readonly traceId: string;
  readonly spanId: string;
  readonly #tracer: Tracer;
  readonly #listener: string;

  constructor(tracer: Tracer, listener: string) {
    this.#tracer = tracer;
    this.#listener = listener;
    this.traceId = tracer.ids.traceId();
    this.spanId = tracer.ids.spanId();
    tracer.begin();
  }

  /** It is over, and everything in `record` is said; times are the clock's, `endedMs` is now. */
  end(record: ConnectionRecord, beganMs: number, endedMs: number): void {
    const tracer = this.#tracer;
    const endedAt = tracer.wallClock();
    tracer.record(connectionSpan(record, this.#listener, endedAt - (endedMs - beganMs), endedAt));
    tracer.ended();
  }
}

/**
 * The span of a connection that has ended. Its record has the ids.
 *
 * Source  OpenTelemetry's registry of attributes (client, network, error); ours begin with `equipoise.`.
 */
export function connectionSpan(record: ConnectionRecord, listener: string, startedAt: number, endedAt: number): Span {
  const { traceId, spanId, clientIp, clientPort, end, retries } = record;
  const isError = FAILURES.includes(end);
  return {
    ...{ traceId, spanId, parentId: '', traceState: '', isRemote: false, kind: SERVER },
    ...{ name: `tcp ${listener}`, startedAt, endedAt, isError },
    attributes: [
      // A client on a unix socket has no port.
      ['network.transport', clientPort === 0 ? 'unix' : 'tcp'],
      ...some('client.address', clientIp),
      ...some('client.port', clientPort),
      ...some('error.type', isError || end === 'client-gone' ? end : ''),
      ['equipoise.listener', listener],
      ...some('equipoise.pool', record.pool),
      ...some('equipoise.endpoint', record.endpoint),
      ...some('equipoise.retries', retries),
      ['equipoise.bytes_in', record.bytesIn],
      ['equipoise.bytes_out', record.bytesOut],
      ['equipoise.end', end],
    ],
  };
}

const some = (name: string, value: string | number): readonly Attribute[] =>
  value === '' || value === 0 ? [] : [[name, value]];
