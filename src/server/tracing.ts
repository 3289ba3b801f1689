import { randomFillSync } from 'node:crypto';
import { hostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { Tracer, type TracerSource, type TracingOptions } from '../telemetry/tracing/tracer.ts';
import type { FrontDeps } from './front.ts';

/**
 * What traces requests of this thread, as it changes: what has begun ends where it began. Each worker exports its own spans.
 */
export class Tracers implements TracerSource {
  current: Tracer | null = null;
  readonly #deps: FrontDeps;
  /** Of configurations before, with traces under way or spans to send. */
  readonly #retiring = new Set<Tracer>();

  constructor(deps: FrontDeps) {
    this.#deps = deps;
  }

  /** Traces by these options from now on, unless they are the same. Opens nothing, and cannot fail. */
  configure(options: TracingOptions | undefined): void {
    if (isDeepStrictEqual(options, this.current?.options)) return;
    const former = this.current;
    this.current = options === undefined ? null : createTracer(options, this.#deps);
    if (former !== null) this.#retire(former);
  }

  #retire(tracer: Tracer): void {
    const reason = this.current === null ? 'requests are not traced any more' : 'it is configured anew';
    this.#retiring.add(tracer);
    void tracer.retire(reason).then(() => this.#retiring.delete(tracer));
  }

  /** Resolves when everything is sent, or after 2 s. */
  async close(): Promise<void> {
    const all = this.current === null ? [...this.#retiring] : [this.current, ...this.#retiring];
    await Promise.all(all.map((tracer) => tracer.close()));
  }
}

function createTracer(options: TracingOptions, { scheduler, wallClock, counters, emit }: FrontDeps): Tracer {
  return new Tracer(options, {
    fetch: (url, init) => fetch(url, init),
    after: (ms, run) => void scheduler.after(ms, run),
    wallClock,
    counts: counters.spans,
    fillRandom: (bytes) => void randomFillSync(bytes),
    resource: [
      ['host.name', hostname()],
      ['process.pid', process.pid],
    ],
    onChange: (to, reason) => emit({ kind: 'tracing', to, reason }),
  });
}
