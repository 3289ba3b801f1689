import { type Message, values } from '../harness/message-reader.ts';

/** Bytes of a hostile or borderline client and what may come of them. */
export interface RequestCase {
  readonly name: string;
  readonly send: string;
  /** For each answer, in order, the statuses it may have. */
  readonly answers: readonly (readonly number[])[];
  /** Complete requests the backend may have seen afterwards. */
  readonly forwarded: readonly number[];
  /** The connection must be closed after the last answer. */
  readonly closed: boolean;
  readonly methods?: readonly string[];
  /** Looks at what the backend got; throws when it is wrong. */
  readonly check?: (requests: readonly Message[]) => void;
}

const REFUSALS = [400, 408, 411, 413, 414, 417, 431, 501, 505];

export function refused(name: string, send: string, statuses: readonly number[] = [400]): RequestCase {
  return { name, send, answers: [statuses], forwarded: [0], closed: true };
}

export function accepted(name: string, send: string, check?: RequestCase['check']): RequestCase {
  return { name, send, answers: [[200]], forwarded: [1], closed: false, ...(check && { check }) };
}

/** Where RFC 9112 leaves a choice: one answer, at most one request forwarded, and that one well-formed. */
export function either(name: string, send: string, check?: RequestCase['check']): RequestCase {
  const answers = [[200, ...REFUSALS]];
  return { name, send, answers, forwarded: [0, 1], closed: false, ...(check && { check }) };
}

export const HOST = 'Host: a.example\r\n';
export const HIDDEN = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n';

/** A POST with these field lines; `rest` follows the head. */
export function post(lines: string, rest: string): string {
  return `POST /case HTTP/1.1\r\n${HOST}${lines}\r\n\r\n${rest}`;
}

/** A GET with this in the place of one field line, line end included. */
export function line(text: string): string {
  return `GET /case HTTP/1.1\r\n${HOST}${text}\r\n`;
}

/** A chunked POST with this body. */
export function chunked(body: string): string {
  return post('Transfer-Encoding: chunked', body);
}

/** A GET with this Host line's value. */
export function host(text: string): string {
  return `GET /case HTTP/1.1\r\nHost: ${text}\r\n\r\n`;
}

export function start(text: string): string {
  return `${text}\r\n${HOST}\r\n`;
}

export function expectEqual(what: string, got: unknown, want: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    throw new Error(`${what}: ${JSON.stringify(got)}, wanted ${JSON.stringify(want)}`);
  }
}

export function bodyIs(text: string): RequestCase['check'] {
  return (requests) => {
    for (const each of requests) expectEqual('body', each.body.toString('latin1'), text);
  };
}

export function headIs(target: string, hostValue: string): RequestCase['check'] {
  return ([request]) => {
    if (!request) return;
    expectEqual('target', request.start[1], target);
    expectEqual('Host', values(request.fields, 'host'), [hostValue]);
  };
}

export function without(...names: string[]): RequestCase['check'] {
  return (requests) => {
    for (const { fields, trailers } of requests) {
      for (const name of names) expectEqual(name, values([...fields, ...trailers], name), []);
    }
  };
}
