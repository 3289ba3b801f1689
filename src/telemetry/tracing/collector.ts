import { hideSecretsIn } from '../../core/kernel/url-secrets.ts';

export interface CollectorOptions {
  /** Its address, with the path. */
  readonly endpoint: string;
  /** Sent with every batch. */
  readonly headers: Readonly<Record<string, string>>;
  /** What stands before and behind the spans of a request. */
  readonly frame: readonly [before: string, behind: string];
}

export interface CollectorDeps {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly after: (ms: number, run: () => void) => void;
  /** It takes nothing, or takes what is sent again: told once each time. */
  readonly onChange: (to: 'failed' | 'resumed', reason: string) => void;
}

const TIMEOUT_MS = 10_000;
/** Before the second try of a batch; twice as long before each further one. */
const FIRST_PAUSE_MS = 1000;
const MOST_TRIES = 5;
const LONGEST_PAUSE_MS = 30_000;
/** OTLP/HTTP, "Failures": what was refused so may be sent again. */
const RETRYABLE = [429, 502, 503, 504];

/**
 * A collector that is spoken to in OTLP over HTTP. What fails for a while is tried again, five times in 15 s, and then lost.
 *
 * Source  OTLP specification 1.x, "OTLP/HTTP".
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #deps: CollectorDeps;
  /** Gives up what is under way. */
  #abort: (() => void) | undefined;
  #hasFailed = false;
  #isLast = false;
  #isHushed = false;
  /** Ends the pause before a further try. */
  #goOn: (() => void) | undefined;

  constructor(options: CollectorOptions, deps: CollectorDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Sends spans, each as JSON; how many of them are lost. */
  async send(spans: readonly string[]): Promise<number> {
    const [before, behind] = this.#options.frame;
    const body = `${before}${spans.join(',')}${behind}`;
    for (let tries = 1; ; tries++) {
      const sent = await this.#try(body);
      this.#report(sent);
      if (sent.kind === 'taken') return Math.min(sent.rejected, spans.length);
      if (sent.kind === 'refused' || this.#isLast || tries === MOST_TRIES) return spans.length;
      await this.#pause(sent.afterMs ?? FIRST_PAUSE_MS * 2 ** (tries - 1));
    }
  }

  /** The end is near: what pauses is sent now, and nothing is tried again. */
  hurry(): void {
    this.#isLast = true;
    this.#goOn?.();
  }

  /** Nobody is told any more that it fails; if it did last, it does no longer, for this reason. */
  hush(reason: string): void {
    if (this.#isHushed) return;
    this.#isHushed = true;
    if (this.#hasFailed) this.#deps.onChange('resumed', reason);
  }

  /** Gives up what is under way. */
  close(): void {
    this.#abort?.();
  }

  async #try(body: string): Promise<Sent> {
    const { endpoint, headers } = this.#options;
    const controller = new AbortController();
    this.#abort = () => controller.abort();
    const timer = setTimeout(this.#abort, TIMEOUT_MS);
    try {
      const answer = await this.#deps.fetch(endpoint, {
        method: 'POST',
        // One that leads elsewhere would take the headers along, which may be secret.
        redirect: 'manual',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
        signal: controller.signal,
      });
      return await read(answer);
    } catch (error) {
      return { kind: 'delayed', reason: `the collector cannot be reached: ${reasonOf(error)}` };
    } finally {
      clearTimeout(timer);
    }
  }

  #report(sent: Sent): void {
    const fails = sent.kind !== 'taken';
    if (fails === this.#hasFailed) return;
    this.#hasFailed = fails;
    if (this.#isHushed) return;
    this.#deps.onChange(fails ? 'failed' : 'resumed', fails ? sent.reason : 'the collector takes spans again');
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
      this.#deps.after(Math.min(ms, LONGEST_PAUSE_MS), resolve);
    });
  }
}

/** Some name the URL that they could not fetch, which may have a key in it. */
const reasonOf = (error: unknown): string => hideSecretsIn((error as Error).message);

type Sent =
  | { readonly kind: 'taken'; readonly rejected: number }
  /** For good. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'delayed'; readonly reason: string; readonly afterMs?: number };

async function read(answer: Response): Promise<Sent> {
  // To the end, so that the connection serves the next batch.
  const text = await answer.text();
  if (answer.ok) return { kind: 'taken', rejected: rejectedOf(text) };
  const reason = `the collector answers ${answer.status}`;
  if (!RETRYABLE.includes(answer.status)) return { kind: 'refused', reason };
  const seconds = Number(answer.headers.get('retry-after') ?? '');
  return { kind: 'delayed', reason, ...(seconds > 0 && { afterMs: 1000 * seconds }) };
}

/** Of an ExportTraceServiceResponse: how many spans of a batch that was taken were not. */
function rejectedOf(text: string): number {
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: string | number } };
    return Number(partialSuccess?.rejectedSpans ?? 0) || 0;
  } catch {
    // It was taken, whatever else it says.
    return 0;
  }
}
