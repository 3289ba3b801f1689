/**
 * Passes when the answer to one HTTP/1.1 request has an expected status, and an expected text in its body if one is
 * given. The whole answer counts: one that never ends, or ends too early, fails.
 *
 * Cost    one connection per check, `Connection: close`; at most 64 KiB of body are read, the rest is cut off.
 * Errors  `unreachable` when no connection came about; else `failed` with what was wrong with the answer.
 */
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { z } from 'zod';
import { CheckOptions } from './check-options.ts';
import { connectFailure, type ProbeDefinition, type ProbeResult, type ProbeTarget } from './probe.ts';

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
      .default('/'),
    method: z.enum(['GET', 'HEAD', 'OPTIONS', 'POST']).default('GET'),
    headers: z
      .record(z.string().regex(TOKEN), z.string().regex(/^[\t\x20-\x7e]*$/))
      .default({})
      .describe("Sent along. Host is the endpoint's address unless given here."),
    status: z
      .union([z.array(Statuses).min(1), Statuses.transform((range) => [range])])
      .prefault('200-399')
      .describe('Expected statuses: 200, 200-399 or a list of these.'),
    contains: z.string().min(1).optional().describe('Text that the first 64 KiB of the body must contain.'),
    ...CheckOptions.shape,
  })
  .refine(({ method, contains }) => method !== 'HEAD' || contains === undefined, {
    message: 'an answer to HEAD has no body that could contain a text',
    path: ['contains'],
  });
export type HttpProbeOptions = z.infer<typeof HttpProbeOptions>;
type HttpExpectations = Pick<HttpProbeOptions, 'path' | 'method' | 'headers' | 'status' | 'contains'>;

const BODY_LIMIT_BYTES = 65_536;

export const http: ProbeDefinition<'http', HttpExpectations> = {
  type: 'http',
  create: (options) => ({
    start: (target, report) => runRequest(toNode(options, target), options, report),
  }),
};

function runRequest(
  nodeOptions: RequestOptions,
  options: HttpExpectations,
  report: (result: ProbeResult) => void,
): { stop(): void } {
  let connected = false;
  let settled = false;
  const sent = request(nodeOptions);
  const settle = (result: ProbeResult): void => {
    if (settled) return;
    settled = true;
    report(result);
  };
  sent.once('socket', (socket) => socket.once('connect', () => (connected = true)));
  sent.once('response', (answer) => judgeAnswer(sent, answer, options, settle));
  sent.on('error', (error) => settle(connected ? brokenAnswer(error) : connectFailure(error)));
  // Half an answer and one that switches protocols end here.
  sent.once('close', () => settle(brokenAnswer()));
  sent.end();
  const stop = (): void => {
    if (!settled) sent.destroy();
    settled = true;
  };
  return { stop };
}

function judgeAnswer(
  sent: ClientRequest,
  answer: IncomingMessage,
  options: HttpExpectations,
  settle: (result: ProbeResult) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const finish = (): void => settle(judge(answer.statusCode ?? 0, Buffer.concat(chunks), options));
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (options.contains !== undefined) chunks.push(chunk);
    if (bytes < BODY_LIMIT_BYTES) return;
    finish();
    sent.destroy();
  });
  answer.once('end', finish);
  // The request's own `error` and `close` tell how it went.
  answer.on('error', () => {});
}

function judge(status: number, body: Buffer, { status: expected, contains }: HttpExpectations): ProbeResult {
  if (!expected.some(({ from, to }) => from <= status && status <= to)) {
    return { kind: 'failed', reason: `status ${status}, expected ${expected.map(formatRange).join(', ')}` };
  }
  if (contains !== undefined && !body.subarray(0, BODY_LIMIT_BYTES).includes(contains)) {
    return { kind: 'failed', reason: `status ${status}, but the body does not contain ${JSON.stringify(contains)}` };
  }
  return { kind: 'passed', reason: `status ${status}` };
}

function brokenAnswer(error?: NodeJS.ErrnoException): ProbeResult {
  const code = error?.code ?? 'ECONNRESET';
  if (code.startsWith('HPE_HEADER_OVERFLOW')) return { kind: 'failed', reason: 'the answer has too long a head' };
  if (code.startsWith('HPE_')) return { kind: 'failed', reason: 'the answer is not HTTP' };
  return { kind: 'failed', reason: 'connection closed before the end of the answer' };
}

function toNode({ path, method, headers }: HttpExpectations, { address, authority }: ProbeTarget): RequestOptions {
  // The later of two names that differ in case only wins.
  const own = { host: authority, 'user-agent': 'equipoise', accept: '*/*' };
  const where = address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port };
  // No agent: a connection of its own, and `Connection: close` on it.
  return { ...where, path, method, agent: false, headers: { ...own, ...headers } };
}

function toRange(status: number | string): { from: number; to: number } {
  if (typeof status === 'number') return { from: status, to: status };
  const [, from, to] = STATUSES.exec(status)!; // the schema accepted it
  return { from: Number(from), to: Number(to ?? from) };
}

function formatRange({ from, to }: { from: number; to: number }): string {
  return from === to ? `${from}` : `${from}–${to}`;
}
