import type { RedirectOptions, RespondOptions } from '../../listener-options.ts';
import { latin1 } from './bytes.ts';
import type { RequestHead } from './request-head.ts';

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  404: 'Not Found',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

const DETAILS: Record<number, string> = {
  400: 'The request is malformed or can be read in two ways.',
  404: 'No route matches this request.',
  408: 'The request did not arrive in time.',
  413: 'The request body is larger than this listener allows.',
  414: 'The request target is longer than this listener allows.',
  417: 'Only the expectation 100-continue is known.',
  429: 'The endpoints are asked too much.',
  431: 'The header fields are larger or more than this listener allows.',
  500: 'The endpoints failed to serve the request.',
  501: 'CONNECT is not served here.',
  502: 'The endpoint could not be reached or gave no valid answer.',
  503: 'No endpoint can take the request now.',
  504: 'The endpoint did not answer in time.',
  505: 'Only HTTP/1.0 and HTTP/1.1 are spoken here.',
};

/** An answer with one more line in its head, which is written out. */
export function withLine(answer: Buffer, line: string): Buffer {
  if (line === '') return answer;
  const headStart = answer.indexOf('\r\n') + 2;
  return Buffer.concat([answer.subarray(0, headStart), Buffer.from(line, 'latin1'), answer.subarray(headStart)]);
}

/** Of an answer of ours. */
export const bodyBytesOf = (answer: Buffer): number => answer.byteLength - answer.indexOf('\r\n\r\n') - 4;

const problems = new Map<number, Buffer>();

/**
 * An error answer of ours as problem+json (RFC 9457), made once. `isHead`: without the body. `retryAfterSeconds` above 0 is told
 * to the client.
 */
export function problemAnswer(status: number, close: boolean, isHead: boolean, retryAfterSeconds = 0): Buffer {
  const key = 4 * (status + 1000 * retryAfterSeconds) + variant(close, isHead);
  const problem = problems.get(key) ?? makeProblem(status, close, isHead, retryAfterSeconds);
  problems.set(key, problem);
  return problem;
}

function makeProblem(status: number, close: boolean, isHead: boolean, retryAfterSeconds: number): Buffer {
  const title = TITLES[status] ?? 'Error';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail: DETAILS[status] ?? title });
  const fields = ['Content-Type: application/problem+json', 'Cache-Control: no-store'];
  if (retryAfterSeconds > 0) fields.push(`Retry-After: ${retryAfterSeconds}`);
  return answer(status, title, fields, body, close, isHead);
}

/** Which of the four forms of an answer of ours: whether it closes, whether it answers HEAD. */
export function variant(close: boolean, isHead: boolean): number {
  return (close ? 1 : 0) + (isHead ? 2 : 0);
}

/** A route's fixed answer in its four forms, by `variant`. */
export function fixedAnswers(options: RespondOptions): readonly Buffer[] {
  const reason = TITLES[options.status] ?? (options.status < 300 ? 'OK' : 'Answer');
  const fields = [`Content-Type: ${options.contentType}`];
  return [0, 1, 2, 3].map((form) => answer(options.status, reason, fields, options.body, form % 2 === 1, form >= 2));
}

/** A route's redirect; `{host}`, `{path}` and `{query}` stand for the request's. */
export function redirectAnswer(options: RedirectOptions, head: RequestHead, close: boolean): Buffer {
  const query = latin1(head.bytes, head.pathEnd, head.targetEnd);
  const replacements: Record<string, string> = { '{host}': head.host, '{path}': head.path, '{query}': query };
  const location = options.to.replace(/\{(?:host|path|query)\}/g, (name) => replacements[name]!);
  return answer(options.status, 'Redirect', [`Location: ${location}`], '', close, false);
}

function answer(
  status: number,
  reason: string,
  fields: readonly string[],
  body: string,
  close: boolean,
  isHead: boolean,
): Buffer {
  const connection = close ? 'Connection: close\r\n' : '';
  // RFC 9110 §8.6: no Content-Length with 204; a 304 has none to tell.
  const bodyless = status === 204 || status === 304;
  const length = bodyless ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const head = `HTTP/1.1 ${status} ${reason}\r\n${fields.join('\r\n')}\r\n${length}${connection}\r\n`;
  return Buffer.from(isHead || bodyless ? head : head + body, 'utf8');
}
