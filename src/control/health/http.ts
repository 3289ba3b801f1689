/**
 * Passes when the answer to one HTTP/1.1 request has an expected status, and an expected text in its body if one is
 * given. The whole answer counts: one that never ends, or ends too early, fails.
 *
 * Cost    one connection per check, `Connection: close`; at most 64 KiB of body are read, the rest is cut off.
 * Errors  `unreachable` when no connection came about; else `failed` with what was wrong with the answer.
 */
import { z } from 'zod';
import type { Socket } from '../../transport/transport.ts';
import { AnswerReader } from './answer-reader.ts';
import { CheckOptions, SparingOptions } from './check-options.ts';
import type { ProbeDefinition, ProbeResult, ProbeTarget } from './probe.ts';
import { createDialer, type Dialer, type Leave, ProbeConnection } from './probe-connection.ts';

const STATUSES = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/;
const STATUS_EXPECTED = 'expected a status such as 200 or a range such as 200-399';
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const Statuses = /* @__PURE__ */ z
  .union([z.int().min(100, STATUS_EXPECTED).max(599, STATUS_EXPECTED), z.string().regex(STATUSES, STATUS_EXPECTED)], {
    error: STATUS_EXPECTED,
  })
  .transform(toRange)
  .refine(({ from, to }) => from <= to, 'the range is empty');

export const HttpProbeOptions = /* @__PURE__ */ z
  .strictObject({
    type: z.literal('http'),
    path: z
      .string()
      .regex(/^\/[\x21-\x7e]*$/, 'expected a path such as /health, without spaces')
      .default('/')
      .describe('Asked for, with its query if it has one.'),
    method: z.enum(['GET', 'HEAD', 'OPTIONS', 'POST']).default('GET').describe('Of the request; it has no body.'),
    headers: z
      .record(z.string().regex(TOKEN), z.string().regex(/^[\t\x20-\x7e]*$/))
      .default({})
      .describe("Sent along. Host is the endpoint's address unless given here."),
    status: z
      .union([z.array(Statuses).min(1), Statuses.transform((range) => [range])], { error: STATUS_EXPECTED })
      .prefault('200-399')
      .describe('Expected statuses: 200, 200-399 or a list of these.'),
    contains: z.string().min(1).optional().describe('Text that the first 64 KiB of the body must contain.'),
    ...CheckOptions.shape,
    ...SparingOptions.shape,
  })
  .refine(({ method, contains }) => method !== 'HEAD' || contains === undefined, {
    message: 'an answer to HEAD has no body that could contain a text',
    path: ['contains'],
  });
export type HttpProbeOptions = z.infer<typeof HttpProbeOptions>;
type HttpExpectations = Pick<HttpProbeOptions, 'path' | 'method' | 'headers' | 'status' | 'contains'>;

/** What every check of one probe has in common. */
interface HttpChecks {
  readonly dialer: Dialer;
  readonly requestTo: (authority: string) => Buffer;
  readonly hasBody: boolean;
  readonly status: HttpProbeOptions['status'];
  readonly contains: string | undefined;
  /** Its UTF-8 bytes, a character a byte, as the body is kept. */
  readonly containsBytes: string | undefined;
}

export const http: ProbeDefinition<'http', HttpExpectations> = {
  type: 'http',
  create(options, { transport }) {
    const { method, status, contains } = options;
    const checks: HttpChecks = {
      dialer: createDialer(transport),
      requestTo: requestWriter(options),
      hasBody: method !== 'HEAD',
      status,
      contains,
      containsBytes: contains && Buffer.from(contains).toString('latin1'),
    };
    return { start: (target, report) => new HttpConnection(target, checks, report).connect() };
  },
};

const BROKEN_OFF: ProbeResult = { kind: 'failed', reason: 'connection closed before the end of the answer' };
const NOT_HTTP: ProbeResult = { kind: 'failed', reason: 'the answer is not HTTP' };
const HEAD_TOO_LONG: ProbeResult = { kind: 'failed', reason: 'the answer has too long a head' };

class HttpConnection extends ProbeConnection {
  readonly #checks: HttpChecks;
  readonly #request: Buffer;
  readonly #answer: AnswerReader;
  #sent = 0;

  constructor(target: ProbeTarget, checks: HttpChecks, report: (result: ProbeResult) => void) {
    super(target.address, checks.dialer, report);
    this.#checks = checks;
    this.#request = checks.requestTo(target.authority);
    this.#answer = new AnswerReader(checks.hasBody, checks.containsBytes !== undefined);
  }

  onOpen(socket: Socket<ProbeConnection>): void {
    this.#send(socket);
  }

  onDrain(socket: Socket<ProbeConnection>): void {
    this.#send(socket);
  }

  onData(_socket: Socket<ProbeConnection>, bytes: Uint8Array): void {
    const reading = this.#answer.read(bytes);
    if (reading === 'complete') this.#judge(this.#isFinished() ? 'close' : 'terminate');
    else if (reading === 'not-http') this.settle(NOT_HTTP, 'terminate');
    else if (reading === 'head-too-long') this.settle(HEAD_TOO_LONG, 'terminate');
  }

  onEnd(): void {
    if (this.#answer.endsWithConnection) this.#judge('close');
    else this.settle(BROKEN_OFF, 'close');
  }

  onClose(): void {
    this.settle(BROKEN_OFF, 'linger');
  }

  #send(socket: Socket<ProbeConnection>): void {
    const left = this.#request.length - this.#sent;
    if (left === 0) return;
    const accepted = socket.write(this.#request, this.#sent, left);
    if (accepted < 0) this.settle(BROKEN_OFF, 'terminate');
    else this.#sent += accepted;
  }

  /** Nothing is under way in either direction. */
  #isFinished(): boolean {
    return this.#sent === this.#request.length && !this.#answer.isCut;
  }

  #judge(leave: Leave): void {
    this.settle(judge(this.#answer, this.#checks), leave);
  }
}

function judge({ status, body }: AnswerReader, { status: expected, contains, containsBytes }: HttpChecks): ProbeResult {
  if (!expected.some(({ from, to }) => from <= status && status <= to)) {
    return { kind: 'failed', reason: `status ${status}, expected ${expected.map(formatRange).join(', ')}` };
  }
  if (containsBytes !== undefined && !body.includes(containsBytes)) {
    return { kind: 'failed', reason: `status ${status}, but the body does not contain ${JSON.stringify(contains)}` };
  }
  return { kind: 'passed', reason: `status ${status}` };
}

/** The request, whose Host alone differs between endpoints. */
function requestWriter({ method, path, headers }: HttpExpectations): (authority: string) => Buffer {
  const fields = new Map([
    ['user-agent', 'User-Agent: equipoise'],
    ['accept', 'Accept: */*'],
    ['connection', 'Connection: close'],
    ...(method === 'POST' ? [['content-length', 'Content-Length: 0'] as const] : []),
  ]);
  // The later of two names that differ in case only wins.
  for (const [name, value] of Object.entries(headers)) fields.set(name.toLowerCase(), `${name}: ${value}`);
  const ownHost = fields.get('host');
  fields.delete('host');
  const line = `${method} ${path} HTTP/1.1\r\n`;
  const rest = `\r\n${[...fields.values()].join('\r\n')}\r\n\r\n`;
  if (ownHost === undefined) return (authority) => Buffer.from(`${line}Host: ${authority}${rest}`, 'latin1');
  const request = Buffer.from(line + ownHost + rest, 'latin1');
  return () => request;
}

function toRange(status: number | string): { from: number; to: number } {
  if (typeof status === 'number') return { from: status, to: status };
  const [, from, to] = STATUSES.exec(status)!; // the schema accepted it
  return { from: Number(from), to: Number(to ?? from) };
}

function formatRange({ from, to }: { from: number; to: number }): string {
  return from === to ? `${from}` : `${from}–${to}`;
}
