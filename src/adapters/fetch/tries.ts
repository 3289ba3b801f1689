import type { Picked, PoolEndpoint } from '../../control/pool/pick.ts';
import type { Pool, PoolRequest } from '../../control/pool/pool.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import { EquipoiseError } from '../../core/kernel/errors.ts';
import { NoEndpointError } from '../no-endpoint.ts';
import { LOAD_FIELD, readReportedLoad } from '../reported-load.ts';
import { type IsFailure, isIdempotent, type Retries } from '../retries.ts';
import { watchEnd } from './answer.ts';
import { addressed, type Call, isWellFormed } from './call.ts';
import { isUnreached } from './failure.ts';

/** How `fetch` is called. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

export interface TriesDeps {
  readonly pool: Pool;
  readonly send: Fetch;
  readonly clock: Clock;
  readonly retries: Retries;
  readonly responseTimeoutMs: number;
  readonly isFailure: IsFailure;
}

/** What a try came to. */
type Result = { readonly response: Response } | Failure;
interface Failure {
  readonly response?: undefined;
  readonly error: unknown;
}

/** Sends a call to one endpoint after the other, until one answers or another try is not safe. */
export class Tries {
  readonly #deps: TriesDeps;

  constructor(deps: TriesDeps) {
    this.#deps = deps;
  }

  async run(call: Call, request: PoolRequest): Promise<Response> {
    const { budget } = this.#deps.retries;
    budget.start();
    try {
      return await this.#inTurn(call, request);
    } finally {
      budget.finish();
    }
  }

  async #inTurn(call: Call, request: PoolRequest): Promise<Response> {
    const { pool } = this.#deps;
    call.signal?.throwIfAborted();
    const tried: PoolEndpoint[] = [];
    let picked = pool.pick(request);
    if (picked.endpoint === undefined) throw new NoEndpointError(pool.name, picked.none);
    for (let endTry = nothing; ; ) {
      const result = await this.#once(call, picked).finally(endTry);
      if (result.response !== undefined) return result.response;
      tried.push(picked.endpoint);
      const granted = this.#grant(call, result, tried.length);
      if (granted === undefined) throw result.error;
      endTry = granted;
      const next = pool.pick({ ...request, tried });
      if (next.endpoint === undefined) {
        endTry();
        throw result.error;
      }
      picked = next;
    }
  }

  /** What to call when the further try has ended; undefined: there must be none. */
  #grant(call: Call, { error }: Failure, tries: number): (() => void) | undefined {
    const { attempts, budget } = this.#deps.retries;
    if (tries > attempts || !call.replayable || call.signal?.aborted || error instanceof EquipoiseError)
      return undefined;
    // What was not sent cost no endpoint any work: there the budget has nothing to hold back.
    if (isUnreached(error)) return nothing;
    if (!isIdempotent(call.method) || !isWellFormed(call) || !budget.tryAgain()) return undefined;
    return () => budget.finishTry();
  }

  async #once(call: Call, pick: Picked): Promise<Result> {
    const { send, clock, isFailure } = this.#deps;
    const startedAtMs = clock.now();
    const limit = new TryLimit(call.signal, this.#deps.responseTimeoutMs);
    let response: Response | undefined;
    try {
      refuseUnixSocket(pick.endpoint);
      response = await send(...addressed(call, pick.endpoint.origin, limit.signal));
      limit.answered();
      const latencyMs = clock.now() - startedAtMs;
      const report = readReportedLoad(response.headers.get(LOAD_FIELD));
      const failed = isFailure(response.status);
      const watched = watchEnd(response, (error) => {
        limit.end();
        const ok = !failed && (error === undefined || call.signal?.aborted === true);
        pick.done({ ok, latencyMs, report });
      });
      return { response: watched };
    } catch (error) {
      limit.end();
      // With an answer it is the caller's `isFailure` that threw: no endpoint's fault, and no reason to ask another.
      const innocent = response || call.signal?.aborted || error instanceof EquipoiseError || !isWellFormed(call);
      pick.done(innocent ? { ok: true, neutral: true } : { ok: false, latencyMs: clock.now() - startedAtMs });
      if (response === undefined) return { error };
      void response.body?.cancel();
      throw error;
    }
  }
}

/** Ends a try when its head is late, or when the caller's signal says so, until the body is read. */
class TryLimit {
  readonly #controller = new AbortController();
  readonly #callers: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#controller.abort(this.#callers?.reason);
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(callers: AbortSignal | undefined, timeoutMs: number) {
    this.#callers = callers;
    callers?.addEventListener('abort', this.#onAbort, { once: true });
    if (timeoutMs <= LONGEST_MS) this.#timer = setTimeout(() => this.#late(timeoutMs), timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  answered(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.answered();
    this.#callers?.removeEventListener('abort', this.#onAbort);
  }

  #late(timeoutMs: number): void {
    this.#controller.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'));
  }
}

/** A timer that is set to more fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

function refuseUnixSocket({ address }: PoolEndpoint): void {
  if (!address.startsWith('unix:')) return;
  throw new EquipoiseError('runtime-unsupported', `fetch cannot reach ${address}; fix: use equipoise/undici`);
}

function nothing(): void {}
