/** A call of `fetch`, read once and sent as often as need be. */
export interface Call {
  readonly url: URL;
  readonly method: string;
  /** What `fetch` was given, but for the signal. */
  readonly input: Request | undefined;
  readonly init: RequestInit;
  readonly signal: AbortSignal | undefined;
  /** False for a body that can be read only once. */
  readonly replayable: boolean;
}

/** Stands for whatever endpoint is picked, where a call names a path alone. */
const NOWHERE = 'http://pool';

/** Throws a TypeError for a URL that is none. */
export function readCall(input: string | URL | Request, { signal, ...init }: RequestInit = {}): Call {
  const request = input instanceof Request ? input : undefined;
  const body = init.body ?? request?.body;
  return {
    url: new URL(request?.url ?? (input as string | URL), NOWHERE),
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    input: request,
    init,
    signal: signal === null ? undefined : (signal ?? request?.signal),
    replayable: body == null || (init.body != null && !isStream(init.body)),
  };
}

/** True for `/path`, which names no origin. */
export function isPath(input: string | URL | Request): input is string {
  return typeof input === 'string' && input.startsWith('/') && !input.startsWith('//');
}

function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && ('getReader' in body || Symbol.asyncIterator in body);
}

/** The arguments of `fetch` for one try. */
export function addressed(
  { url, input, init }: Call,
  origin: string,
  signal: AbortSignal,
): [string | Request, RequestInit] {
  const target = origin + url.pathname + url.search;
  return [input === undefined ? target : new Request(target, input), { ...init, signal }];
}

/** False when no endpoint could be asked this: `fetch` refuses it itself, by a TypeError like that of a lost connection. */
export function isWellFormed({ method, init, input }: Call): boolean {
  try {
    const body = init.body == null ? null : '';
    new Request(NOWHERE, { ...init, method, body, headers: new Headers(init.headers ?? input?.headers) });
    return true;
  } catch {
    return false;
  }
}
