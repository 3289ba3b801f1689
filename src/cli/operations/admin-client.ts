import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** Where an admin server listens, and what it wants to see. */
export interface AdminTarget {
  /** As people write it, for messages. */
  readonly name: string;
  readonly socketPath?: string;
  readonly url: URL;
  readonly token?: string;
  /** How long its whole answer may take; absent: as long as something comes at least every 10 s. */
  readonly limitMs?: number;
}

/** What it answered, or why that is no answer, in words that say what to do. */
export type Reply<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly status?: number; readonly message: string };

/** Longer than a server takes whose workers all hang. */
const PATIENCE_MS = 10_000;

/** Reads `--admin`: a URL, an address, a port of this machine, or `unix:/path`. A string says what is wrong. */
export function readTarget(text: string, token: string | undefined): AdminTarget | string {
  const secret = token === undefined || token === '' ? {} : { token };
  if (text.startsWith('unix:') && text.length > 5) {
    return { name: text, socketPath: text.slice(5), url: new URL('http://localhost'), ...secret };
  }
  const written = /^\d{1,5}$/.test(text) ? `127.0.0.1:${text}` : text;
  const full = written.includes('://') ? written : `http://${written}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return `"${text}" is no address; write http://127.0.0.1:9900 or unix:/run/admin.sock`;
  }
  return { name: url.origin, url, ...secret };
}

/** Asks the admin API for `path`, below its root; `body` is sent as JSON. Never rejects. */
export async function callAdmin<T>(
  target: AdminTarget,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply<T>> {
  try {
    const { status, text } = await exchange(target, method, path, body);
    return understand(target, status, text);
  } catch (error) {
    return { ok: false, message: unreachable(target, error as NodeJS.ErrnoException) };
  }
}

function exchange(
  { url, socketPath, token, limitMs }: AdminTarget,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; text: string }> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    accept: 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(sent !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
  };
  const options = {
    ...{ method, headers, agent: false as const },
    ...(socketPath !== undefined && { socketPath }),
    ...(limitMs !== undefined && { signal: AbortSignal.timeout(limitMs) }),
  };
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(new URL(path, url), options, (response) => {
      readAll(response).then((text) => resolve({ status: response.statusCode!, text }), reject);
    });
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    request.on('error', reject);
    request.end(sent);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  return text;
}

function understand<T>({ name, token }: AdminTarget, status: number, text: string): Reply<T> {
  const value = parse(text);
  if (status < 300 && typeof value === 'object' && value !== null) return { ok: true, value: value as T };
  if (status === 401) {
    const message = token === undefined ? `${name} wants a token` : `${name} does not know this token`;
    return { ok: false, status, message: `${message}; give it in EQUIPOISE_TOKEN or by --token` };
  }
  // `/readyz` gives a reason.
  const { reason, detail = reason, fix } = (value ?? {}) as { reason?: unknown; detail?: unknown; fix?: unknown };
  if (typeof detail !== 'string') {
    return { ok: false, status, message: `what listens at ${name} is no admin server of equipoise (status ${status})` };
  }
  const said = typeof fix === 'string' ? `${detail}; ${fix}` : detail;
  // By these a listener of the balancer itself answers too, where somebody took its address for the admin server's.
  return { ok: false, status, message: status >= 500 ? `${name} answered ${status}: ${said}` : said };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable({ name }: AdminTarget, { code, message }: NodeJS.ErrnoException): string {
  const another = 'name another place by --admin or EQUIPOISE_ADMIN';
  if (code === 'ECONNREFUSED' || code === 'ConnectionRefused' || code === 'ENOENT' || code === 'FailedToOpenSocket') {
    return `nobody listens at ${name}; does it run with an admin section? Or ${another}`;
  }
  return `${name} cannot be asked: ${message}; ${another}`;
}
