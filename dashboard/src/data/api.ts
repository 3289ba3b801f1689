import type { ProblemWire } from '../../../src/admin/wire.ts';

/** What went wrong with a request, in words for people. */
export class ApiError extends Error {
  /** 0: the server could not be reached. */
  readonly status: number;
  readonly problem: ProblemWire | undefined;

  constructor(status: number, message: string, problem?: ProblemWire) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

const TOKEN_KEY = 'equipoise-token';
/** A balancer whose workers hang answers after this long, or not at all. */
const PATIENCE_MS = 8000;

/** For this tab alone, and gone with it. */
export const readToken = (): string => sessionStorage.getItem(TOKEN_KEY) ?? '';

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export interface ApiRequest {
  readonly method?: 'GET' | 'PATCH' | 'PUT' | 'POST';
  readonly accept?: string;
  readonly body?: string;
  readonly type?: string;
  readonly signal?: AbortSignal;
  /** Of the event seen last. */
  readonly lastId?: string;
}

/** Asks for a path below this page, so that it works behind a proxy that adds a prefix. Rejects with an `ApiError`. */
export async function ask(path: string, request: ApiRequest = {}): Promise<Response> {
  const { signal = AbortSignal.timeout(PATIENCE_MS) } = request;
  let response: Response;
  try {
    response = await fetch(path, init(request, signal));
  } catch (error) {
    throw new ApiError(0, (error as Error).name === 'TimeoutError' ? 'no answer' : 'cannot be reached');
  }
  if (response.ok) return response;
  throw await refusal(response);
}

export async function askJson<T>(path: string, request: ApiRequest = {}): Promise<T> {
  const response = await ask(path, request);
  return (await response.json()) as T;
}

function init({ method = 'GET', accept, body, type, lastId }: ApiRequest, signal: AbortSignal): RequestInit {
  const token = readToken();
  const headers = {
    accept: accept ?? 'application/json',
    ...(token !== '' && { authorization: `Bearer ${token}` }),
    ...(lastId !== undefined && { 'last-event-id': lastId }),
    ...(body !== undefined && { 'content-type': type ?? 'application/json' }),
  };
  return { method, headers, signal, cache: 'no-store', ...(body !== undefined && { body }) };
}

async function refusal(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => undefined)) as ProblemWire | undefined;
  const detail = problem?.detail ?? `status ${response.status}`;
  return new ApiError(response.status, detail, problem);
}

/** `api/v1/pools/web/endpoints/a`; ids may hold any character. */
export const endpointPath = (pool: string, id: string): string =>
  `api/v1/pools/${encodeURIComponent(pool)}/endpoints/${encodeURIComponent(id)}`;
