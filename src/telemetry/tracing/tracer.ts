import { Collector, type CollectorDeps } from './collector.ts';
import { encodeFrame, encodeSpan } from './otlp-json.ts';
import { RandomIds } from './random-ids.ts';
import { createShownQuery } from './shown-query.ts';
import type { Attribute, Span } from './span.ts';
import { type SpanCounts, SpanQueue } from './span-queue.ts';

/** Which tracer requests that begin now belong to; null: none is traced. */
export interface TracerSource {
  readonly current: Tracer | null;
}

/** Plain data, as `config` produces it. */
export interface TracingOptions {
  /** Of the collector: OTLP over HTTP, with its path. */
  readonly endpoint: string;
  /** Part of the requests that are traced where nobody before us has decided, 0 to 1. */
  readonly sampleRate: number;
  /** Connections of tcp listeners are traced too, by the same part of them. */
  readonly connections: boolean;
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
/** Of a tracer that is replaced, behind its last span: a collector that is away for a moment may be back. */
const RETIRE_LIMIT_MS = 30_000;
/** At the end, for what was cut just now. */
const LAST_SPANS_MS = 100;

/** Which requests of one thread are traced by these options, and the way of their spans to a collector. Nobody waits for it. */
export class Tracer {
  readonly options: TracingOptions;
  readonly wallClock: () => number;
  readonly ids: RandomIds;
  /** What a span may show of a query. */
  readonly shownQuery: (query: string) => string;
  readonly #collector: Collector;
  readonly #queue: SpanQueue;
  readonly #after: TracerDeps['after'];
  /** Traces that are not over. */
  #underWay = 0;
  readonly #whenIdle: (() => void)[] = [];
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
    this.#after = deps.after;
    this.#queue = new SpanQueue({ ...limits, send: (spans) => collector.send(spans), after: deps.after, counts });
  }

  /** Draws whether a request is traced that nobody has decided about. */
  draws(): boolean {
    const { sampleRate } = this.options;
    return sampleRate > 0 && this.ids.fraction() < sampleRate;
  }

  /** Spans will come: their way stays open for them, until `ended`. */
  begin(): void {
    this.#underWay++;
  }

  record(span: Span): void {
    this.#queue.push(encodeSpan(span));
  }

  /** All spans of what was begun are recorded. */
  ended(): void {
    if (--this.#underWay === 0) for (const run of this.#whenIdle.splice(0)) run();
  }

  /**
   * Nothing begins here any more, for this reason: resolves when what is under way has ended and is sent, or could not be in
   * 30 s. That the collector fails is not told any more.
   */
  async retire(reason: string): Promise<void> {
    this.#collector.hush(reason);
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
    if (this.#closed !== undefined) return;
    await this.#queue.close(RETIRE_LIMIT_MS);
    this.#giveUp();
  }

  /** Resolves when everything is sent, or after 2 s. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    if (this.#underWay > 0) await this.#lastSpans();
    const sent = this.#queue.close(CLOSE_LIMIT_MS);
    this.#collector.hurry();
    await sent;
    this.#giveUp();
  }

  /** What is under way is lost, and counted; nothing goes on behind it. */
  #giveUp(): void {
    this.#collector.hurry();
    this.#collector.close();
  }

  /** Of connections that were cut just now, whose sockets may tell it in a moment. */
  #lastSpans(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
      this.#after(LAST_SPANS_MS, resolve);
    });
  }
}
