import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Picked, PoolEndpoint } from '../../control/pool/pick.ts';
import type { Pool, PoolRequest } from '../../control/pool/pool.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import type { LoadReport } from '../../core/kernel/load-report.ts';
import { NoEndpointError } from '../no-endpoint.ts';
import { LOAD_FIELD, readReportedLoad } from '../reported-load.ts';
import { type IsFailure, isIdempotent, type Retries } from '../retries.ts';
import { type RequestBody, watchBody } from './body.ts';
import { RequestController } from './controller.ts';
import { withHost } from './host.ts';

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

export interface ExchangeDeps {
  readonly pool: Pool;
  readonly clientOf: (endpoint: PoolEndpoint) => Dispatcher;
  readonly clock: Clock;
  readonly retries: Retries;
  readonly isFailure: IsFailure;
  readonly requestOf: (options: Dispatcher.DispatchOptions) => PoolRequest;
  /** False once no further try may begin. */
  readonly isOpen: () => boolean;
  readonly onEnd: (exchange: Exchange) => void;
}

/** The caller's own mistakes: no endpoint is to blame, and another would not help. */
const CALLERS_ERRORS = new Set([
  'UND_ERR_ABORTED',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

/**
 * One request of the caller: picks an endpoint, sends, and sends to another one where that is safe. It is the handler of
 * each of its tries; the caller's handler sees one request.
 *
 * Safe      nothing was sent (whatever the method), or the method is idempotent and nothing of an answer came; and the
 *           body can be sent again.
 * Outcome   a failure for connect errors, resets, time-outs and answers that `isFailure` says; neutral where the caller
 *           aborted or erred; without latency for upgraded connections, which are in flight until they close.
 */
export class Exchange implements Handler {
  readonly #deps: ExchangeDeps;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #handler: Handler;
  readonly #controller = new RequestController((reason) => this.#end(reason));
  readonly #body: RequestBody;
  readonly #request: PoolRequest;
  readonly #tried: PoolEndpoint[] = [];
  #pick: Picked | undefined;
  #startedAtMs = 0;
  #latencyMs = -1;
  #report: LoadReport | undefined;
  #sent = false;
  #answered = false;
  #failed = false;
  /** The present try is one that the budget granted. */
  #budgeted = false;
  #ended = false;
  /** The caller was told an error. */
  #told = false;
  #callersError: unknown;

  constructor(deps: ExchangeDeps, options: Dispatcher.DispatchOptions, handler: Handler) {
    this.#deps = deps;
    this.#handler = handler;
    this.#body = watchBody(options.body);
    this.#options = { ...options, ...namedHost(options), body: this.#body.body ?? null };
    this.#request = deps.requestOf(options);
  }

  /** Of the pool's client: false asks the caller to wait for `drain`. */
  start(): boolean {
    this.#deps.retries.budget.start();
    // Undici calls this when the request is on its way; here it may still be moved, and the caller may already abort it.
    try {
      this.#handler.onRequestStart?.(this.#controller, undefined);
    } catch (error) {
      this.#end(error as Error);
    }
    return this.#ended || this.#try();
  }

  onRequestStart(controller: Controller): void {
    this.#sent = true;
    this.#controller.follow(controller);
  }

  onRequestUpgrade(_: Controller, status: number, headers: IncomingHttpHeaders, socket: Duplex): void {
    const pick = this.#take();
    // A tunnel's end says nothing about latency.
    socket.once('close', () => pick?.done({ ok: true }));
    this.#finish();
    this.#handler.onRequestUpgrade?.(this.#controller, status, headers, socket);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onResponseStart(_: Controller, status: number, headers: IncomingHttpHeaders, statusMessage?: string): void {
    if (status >= 200) {
      this.#latencyMs = this.#deps.clock.now() - this.#startedAtMs;
      this.#failed = this.#deps.isFailure(status);
      this.#report = readReportedLoad(headers[LOAD_FIELD]);
    }
    this.#answered = true;
    try {
      this.#handler.onResponseStart?.(this.#controller, status, headers, statusMessage);
    } catch (error) {
      throw this.#callersOwn(error);
    }
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    try {
      this.#handler.onResponseData?.(this.#controller, chunk);
    } catch (error) {
      throw this.#callersOwn(error);
    }
  }

  onResponseEnd(_: Controller, trailers: IncomingHttpHeaders): void {
    this.#release(!this.#failed, this.#latencyMs);
    this.#finish();
    this.#handler.onResponseEnd?.(this.#controller, trailers);
  }

  onResponseError(_: Controller, error: Error): void {
    if (this.#ended) {
      this.#tell(error);
      return;
    }
    const innocent = this.#isCallers(error);
    this.#endTry();
    if (innocent) this.#giveBack();
    else this.#release(false, this.#answered ? this.#latencyMs : this.#deps.clock.now() - this.#startedAtMs);
    if (!innocent && this.#mayTryAgain()) this.#tryAgain(error);
    else this.#end(error);
  }

  /** `failure` is why there is a further try: what the caller hears when there is no other endpoint. */
  #try(failure?: Error): boolean {
    try {
      const { pool, clientOf, clock } = this.#deps;
      const picked = pool.pick(this.#tried.length === 0 ? this.#request : { ...this.#request, tried: this.#tried });
      if (picked.endpoint === undefined) {
        this.#end(failure ?? new NoEndpointError(pool.name, picked.none));
        return true;
      }
      this.#pick = picked;
      this.#sent = false;
      this.#startedAtMs = clock.now();
      return clientOf(picked.endpoint).dispatch({ ...this.#options, origin: picked.endpoint.origin }, this);
    } catch (error) {
      this.#end(error as Error);
      return true;
    }
  }

  #mayTryAgain(): boolean {
    const { retries, isOpen } = this.#deps;
    if (this.#answered || this.#tried.length > retries.attempts || !isOpen() || !this.#body.intact()) return false;
    // What was not sent cost no endpoint any work: there the budget has nothing to hold back.
    if (!this.#sent) return true;
    if (!(this.#options.idempotent ?? isIdempotent(this.#options.method))) return false;
    this.#budgeted = retries.budget.tryAgain();
    return this.#budgeted;
  }

  #tryAgain(error: Error): void {
    this.#controller.follow(undefined);
    // Not in the stack of the client that is just telling its failure.
    queueMicrotask(() => {
      if (this.#ended) return;
      if (this.#deps.isOpen()) this.#try(error);
      else this.#end(error);
    });
  }

  #isCallers(error: Error): boolean {
    if (this.#controller.aborted || error === this.#callersError || this.#body.failedWith(error)) return true;
    return CALLERS_ERRORS.has((error as { code?: string }).code ?? '');
  }

  /** What the caller's handler throws comes back as the request's error. */
  #callersOwn(error: unknown): unknown {
    this.#callersError = error;
    return error;
  }

  #take(): Picked | undefined {
    const pick = this.#pick;
    this.#pick = undefined;
    if (pick !== undefined) this.#tried.push(pick.endpoint);
    return pick;
  }

  #release(ok: boolean, latencyMs: number): void {
    this.#take()?.done({ ok, latencyMs, report: this.#report });
  }

  /** Says nothing about the endpoint: the caller aborted or erred. */
  #giveBack(): void {
    this.#take()?.done({ ok: true, neutral: true });
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#giveBack();
    this.#finish();
    this.#tell(error);
  }

  /** Also after the answer's end: what the caller's handler throws there comes back to it, undici's own `retry` lives by that. */
  #tell(error: Error): void {
    if (this.#told) return;
    this.#told = true;
    this.#handler.onResponseError?.(this.#controller, error);
  }

  #endTry(): void {
    if (this.#budgeted) this.#deps.retries.budget.finishTry();
    this.#budgeted = false;
  }

  #finish(): void {
    this.#ended = true;
    this.#endTry();
    this.#deps.retries.budget.finish();
    this.#deps.onEnd(this);
  }
}

function namedHost({ origin, headers, method }: Dispatcher.DispatchOptions): Partial<Dispatcher.DispatchOptions> {
  if (origin === undefined || method === 'CONNECT') return {};
  return { headers: withHost(headers ?? null, new URL(origin).host) };
}
