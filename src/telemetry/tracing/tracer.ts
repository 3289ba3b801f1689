import { Collector, type CollectorDeps } from './collector.ts';
import { encodeFrame, encodeSpan } from './otlp-json.ts';
import { RandomIds } from './random-ids.ts';
import { createShownQuery } from './shown-query.ts';
import type { Attribute, Span } from './span.ts';
import { type SpanCounts, SpanQueue } from './span-queue.ts';

/** Plain data, as `config` produces it. */
export interface TracingOptions {
  /** Of the collector: OTLP over HTTP, with its path. */
  readonly endpoint: string;
  /** Part of the requests that are traced where nobody before us has decided, 0 to 1. */
  readonly sampleRate: number;
  /** Whose decision in a traceparent holds: everybody's, trusted proxies', nobody's. */
  readonly parentBased: 'all' | 'trusted' | 'none';
  /** `service.name` of the spans. */
  readonly serviceName: string;
  /** Sent with every batch. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parameters whose values are replaced by `***`; `all`: the whole query. */
  readonly hideQuery: 'all' | readonly string[];
}

export interface TracerDeps extends CollectorDeps {
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  readonly counts: SpanCounts;
  /** Fills with random bytes. */
  readonly fillRandom: (bytes: Uint8Array) => void;
  /** What is known of this program, beside its name. */
  readonly resource: readonly Attribute[];
}

/** 4 MiB of spans may wait for a slow collector; a batch goes out after a second, or as soon as 256 KiB are there. */
const CAPACITY = 4_194_304;
const BATCH = 262_144;
const FLUSH_MS = 1000;
const CLOSE_LIMIT_MS = 2000;

/** Which requests of one thread are traced, and the way of their spans to a collector. Nobody waits for it. */
export class Tracer {
  readonly options: TracingOptions;
  readonly wallClock: () => number;
  readonly ids: RandomIds;
  /** What a span may show of a query. */
  readonly shownQuery: (query: string) => string;
  readonly #collector: Collector;
  readonly #queue: SpanQueue;
  #closed: Promise<void> | undefined;

  constructor(options: TracingOptions, { wallClock, counts, fillRandom, resource, ...deps }: TracerDeps) {
    const { endpoint, headers, serviceName } = options;
    this.options = options;
    this.wallClock = wallClock;
    this.ids = new RandomIds(fillRandom);
    this.shownQuery = createShownQuery(options.hideQuery);
    const frame = encodeFrame([['service.name', serviceName], ...resource], 'equipoise');
    const collector = new Collector({ endpoint, headers, frame }, deps);
    const limits = { capacity: CAPACITY, batch: BATCH, flushMs: FLUSH_MS };
    this.#collector = collector;
    this.#queue = new SpanQueue({ ...limits, send: (spans) => collector.send(spans), after: deps.after, counts });
  }

  /** Draws whether a request is traced that nobody has decided about. */
  draws(): boolean {
    const { sampleRate } = this.options;
    return sampleRate > 0 && this.ids.fraction() < sampleRate;
  }

  record(span: Span): void {
    this.#queue.push(encodeSpan(span));
  }

  /** Resolves when everything is sent, or after 2 s. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    const sent = this.#queue.close(CLOSE_LIMIT_MS);
    this.#collector.hurry();
    await sent;
    this.#collector.close();
  }
}
