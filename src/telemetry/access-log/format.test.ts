import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AccessFormat, createLineFormat } from './format.ts';
import { LineBytes } from './line-bytes.ts';
import type { LineOptions } from './line-format.ts';
import { type ConnectionRecord, createRequestRecord, type RequestRecord } from './record.ts';

const AT = Date.UTC(2026, 10, 22, 9, 5, 7, 43);
const utf8 = new TextEncoder();

/** What a request said: a text is sent as UTF-8. */
interface Said {
  readonly method?: string | Uint8Array;
  readonly host?: string | Uint8Array;
  readonly path?: string | Uint8Array;
  readonly query?: string | Uint8Array;
  readonly sentId?: string | Uint8Array;
  readonly headers?: readonly (string | Uint8Array)[];
}

function recordOf(said: Said, given: Partial<RequestRecord> = {}): RequestRecord {
  const { method = 'GET', host = 'A.b', path = '/a/x', query = 'q=1', sentId = '', headers = [] } = said;
  const parts = [method, host, path, query, sentId, ...headers].map((part) =>
    typeof part === 'string' ? utf8.encode(part) : part,
  );
  const ends = [3];
  for (const part of parts) ends.push(ends.at(-1)! + part.length);
  const record = createRequestRecord(headers.length);
  record.headers.set(headers.flatMap((_, i) => [ends[5 + i]!, ends[6 + i]!]));
  return {
    ...record,
    ...{ bytes: Buffer.concat([utf8.encode('\r\n\r'), ...parts, utf8.encode('"\r\n')]) },
    ...{ methodStart: ends[0]!, methodEnd: ends[1]!, hostStart: ends[1]!, hostEnd: ends[2]! },
    ...{ pathStart: ends[2]!, pathEnd: ends[3]!, queryStart: ends[3]!, queryEnd: ends[4]! },
    ...{ requestIdStart: ends[4]!, requestIdEnd: ends[5]! },
    ...{ startedAt: AT, durationMs: 12.3456, firstByteMs: 1.5, route: '/a/*', pool: 'main', endpoint: 'e1' },
    ...{ clientIp: '10.0.0.1', status: 200, bytesOut: 17, bytesIn: 3, retries: 1, requestId: 'r-1' },
    ...{ clientPort: 4711, headMs: 3.4, queueMs: -1, connectMs: 0.2, answerMs: 1.5, sentBytes: 99 },
    ...{ programConnections: 9, listenerConnections: 8, poolRequests: 7, endpointRequests: 6 },
    ...given,
  };
}

const OPTIONS: LineOptions = { listener: 'web', headers: [], hideQuery: [] };

function writerOf(format: AccessFormat, options: Partial<LineOptions> = {}) {
  const made = createLineFormat(format, { ...OPTIONS, ...options });
  const line = new LineBytes(made.mostBytes);
  return (write: (format: typeof made, line: LineBytes) => void): string => {
    line.length = 0;
    write(made, line);
    // What does not fit would be lost without a word.
    expect(line.length).toBeLessThanOrEqual(made.mostBytes);
    return new TextDecoder('utf-8', { fatal: true }).decode(line.bytes.subarray(0, line.length));
  };
}

function requestLine(format: AccessFormat, record: RequestRecord, options: Partial<LineOptions> = {}): string {
  return writerOf(format, options)((made, line) => made.request(line, record));
}

const CONNECTION: ConnectionRecord = {
  ...{ startedAt: AT, durationMs: 5007.4, pool: 'db', endpoint: 'e 1', clientIp: '10.0.1.2', clientPort: 33313 },
  ...{ bytesIn: 60, bytesOut: 212, retries: 1, end: 'complete', queueMs: -1, connectMs: 0.7 },
  ...{
    traceId: '',
    spanId: '',
    queuePlace: 0,
    programConnections: 9,
    listenerConnections: 8,
    poolRequests: 7,
    endpointRequests: 6,
  },
};

function connectionLine(
  format: AccessFormat,
  given: Partial<ConnectionRecord> = {},
  options: Partial<LineOptions> = {},
) {
  return writerOf(format, { listener: 'mysql', ...options })((made, line) =>
    made.connection(line, { ...CONNECTION, ...given }),
  );
}

const anyBytes = fc.uint8Array({ maxLength: 700 });
/** Rich in what could end a text or a line. */
const hostileBytes = fc.array(fc.constantFrom(0, 9, 10, 13, 27, 32, 34, 35, 65, 92, 127, 128, 155, 0xc2, 0xe2, 0xff), {
  maxLength: 600,
});
const hostile = fc.oneof(
  anyBytes,
  hostileBytes.map((bytes) => Uint8Array.from(bytes)),
);
/** A name of the configuration, or an address. */
const hostileText = fc.string({ unit: 'binary', maxLength: 600 });

describe('json', () => {
  const json = (said: Said, given: Partial<RequestRecord> = {}, options: Partial<LineOptions> = {}) =>
    JSON.parse(requestLine('json', recordOf(said, given), options)) as Record<string, unknown>;

  test('has every field that is known', () => {
    expect(json({})).toEqual({
      ...{ time: '2026-11-22T09:05:07.043Z', listener: 'web', route: '/a/*', client: '10.0.0.1', method: 'GET' },
      ...{ host: 'a.b', path: '/a/x', query: 'q=1', status: 200, bytesIn: 3, bytesOut: 17, durationMs: 12.346 },
      ...{ firstByteMs: 1.5, pool: 'main', endpoint: 'e1', retries: 1, requestId: 'r-1', end: 'complete' },
    });
  });

  test('says which span tells more', () => {
    const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    expect(json({}, ids)).toMatchObject(ids);
    expect(JSON.parse(connectionLine('json', ids))).toMatchObject(ids);
    for (const line of [json({}), JSON.parse(connectionLine('json'))]) {
      expect(Object.keys(line).filter((key) => key in ids)).toEqual([]);
    }
  });

  test('leaves out what there is none of', () => {
    const empty = { route: '', pool: '', endpoint: '', requestId: '', firstByteMs: -1 };
    const keys = ['time', 'listener', 'client', 'method', 'host', 'path', 'status', 'bytesIn', 'bytesOut'];
    expect(Object.keys(json({ query: '' }, empty))).toEqual([...keys, 'durationMs', 'retries', 'end']);
    expect(json({ method: '' })).not.toHaveProperty('path');
    expect(json({ host: '' })).not.toHaveProperty('host');
    const two = { headers: ['referer', 'user-agent'] };
    expect(json({ headers: ['', 'curl'] }, {}, two)).toMatchObject({ 'user-agent': 'curl' });
    expect(json({ headers: ['', 'curl'] }, {}, two)).not.toHaveProperty('referer');
  });

  test.each([
    { why: 'no path means the root', said: { path: '' }, want: { path: '/' } },
    {
      why: 'a proxy’s request id',
      said: { sentId: 'theirs' },
      given: { requestId: '' },
      want: { requestId: 'theirs' },
    },
    { why: 'a wait for a place', said: {}, given: { queueMs: 2.5 }, want: { queueMs: 2.5, firstByteMs: 1.5 } },
    { why: 'hidden parameters', said: { query: 'a=1&token=2' }, want: { query: 'a=1&token=***' } },
    { why: 'UTF-8 stays', said: { path: '/ü/日本/😀' }, want: { path: '/ü/日本/😀' } },
    { why: 'other bytes are Latin-1', said: { path: Uint8Array.of(47, 0xe9, 0xff, 0xc3) }, want: { path: '/éÿÃ' } },
    { why: 'an overlong form is none', said: { path: Uint8Array.of(0xc0, 0xaf) }, want: { path: 'À¯' } },
    { why: 'a surrogate is none', said: { path: Uint8Array.of(0xed, 0xa0, 0x80) }, want: { path: 'í\u00a0\u0080' } },
  ])('$why', ({ said, given, want }) => {
    expect(json(said, given, { hideQuery: ['token'] })).toMatchObject(want);
  });

  test('any bytes are a line that parses, without a control character', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, hostileText, (method, path, query, header, name) => {
        const said = { method, host: path, path, query, sentId: header, headers: [header, query] };
        const given = { clientIp: name, route: name, pool: name, endpoint: name, requestId: '' };
        const options = { listener: name, headers: ['referer', 'x-y'], hideQuery: ['A'] };
        const line = requestLine('json', recordOf(said, given), options);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not stand in a line
        expect(/[\u0000-\u001f\u007f-\u009f]/.test(line.slice(0, -1))).toBe(false);
        expect([line.at(-1), typeof JSON.parse(line)]).toEqual(['\n', 'object']);
      }),
      { seed: 1 },
    );
  });

  test('any text comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(json({ path: `/${text}` })['path']).toBe(new TextDecoder().decode(utf8.encode(`/${text}`)));
      }),
      { seed: 1 },
    );
  });

  test.each([
    { text: 'x'.repeat(512), want: 'x'.repeat(512) },
    { text: 'x'.repeat(513), want: `${'x'.repeat(511)}…` },
    { text: `${'x'.repeat(510)}üü`, want: `${'x'.repeat(510)}…` },
    { text: `${'x'.repeat(508)}😀😀`, want: `${'x'.repeat(508)}…` },
    { text: `${'x'.repeat(507)}😀😀`, want: `${'x'.repeat(507)}😀…` },
  ])('a text is cut after 512 bytes, not within a character: $want', ({ text, want }) => {
    expect(json({ path: text }, { route: text, clientIp: text })).toMatchObject({
      path: want,
      route: want,
      client: want,
    });
  });

  test('times and numbers are right in every second, millisecond and size', () => {
    // One for all, which knows seconds that were written before.
    const write = writerOf('json');
    const numbers = [fc.integer({ min: 0, max: 4e12 }), fc.double({ min: 0, max: 1e10, noNaN: true })] as const;
    fc.assert(
      fc.property(...numbers, fc.maxSafeNat(), (at, ms, bytesOut) => {
        const record = recordOf({}, { startedAt: at + 0.25, durationMs: ms, bytesOut });
        const read = JSON.parse(write((made, line) => made.request(line, record))) as Record<string, unknown>;
        expect([read['time'], read['bytesOut']]).toEqual([new Date(at).toISOString(), bytesOut]);
        expect(Math.abs((read['durationMs'] as number) - ms)).toBeLessThan(0.0006);
      }),
      { seed: 1 },
    );
  });

  test('a connection', () => {
    const line = connectionLine('json', { queueMs: 2, end: 'client-gone' });
    expect(JSON.parse(line)).toEqual({
      ...{ time: '2026-11-22T09:05:07.043Z', listener: 'mysql', protocol: 'tcp', client: '10.0.1.2' },
      ...{ bytesIn: 60, bytesOut: 212, durationMs: 5007.4, queueMs: 2, connectMs: 0.7, pool: 'db', endpoint: 'e 1' },
      ...{ retries: 1, end: 'client-gone' },
    });
    expect(JSON.parse(connectionLine('json', { connectMs: -1 }))).not.toHaveProperty('connectMs');
  });
});

const START = '10.0.0.1 - - [22/Nov/2026:09:05:07 +0000]';

describe('common', () => {
  test.each([
    { why: 'a request', headers: [], said: {}, given: {}, want: `${START} "GET /a/x?q=1 HTTP/1.1" 200 17` },
    {
      why: 'one of HTTP/1.0',
      headers: [],
      said: { query: '' },
      given: { isHttp10: true },
      want: `${START} "GET /a/x HTTP/1.0" 200 17`,
    },
    {
      why: 'with headers, the Combined one',
      headers: ['referer', 'user-agent'],
      said: { headers: ['', 'a "b"\\'], query: '' },
      given: { bytesOut: 0 },
      want: `${START} "GET /a/x HTTP/1.1" 200 - "-" "a \\"b\\"\\\\"`,
    },
    {
      why: 'a head that could not be read',
      headers: [],
      said: { method: '' },
      given: { status: 400, bytesOut: 0 },
      want: `${START} "-" 400 -`,
    },
  ])('$why', ({ headers, said, given, want }) => {
    expect(requestLine('common', recordOf(said, given), { headers })).toBe(`${want}\n`);
  });

  test.each([
    { end: 'complete', want: '200 212' },
    { end: 'client-gone', want: '499 212' },
    { end: 'no-endpoint', want: '503 212' },
    { end: 'endpoint-failed', want: '502 212' },
  ] as const)('a connection that ended as $end', ({ end, want }) => {
    const line = `10.0.1.2 - - [22/Nov/2026:09:05:07 +0000] "TCP /mysql TCP" ${want}`;
    expect(connectionLine('common', { end })).toBe(`${line}\n`);
    expect(connectionLine('common', { end }, { headers: ['referer', 'user-agent'] })).toBe(`${line} "-" "-"\n`);
  });

  test('any bytes are one line of the same fields', () => {
    const field = '"(?:[^"\\\\]|\\\\["\\\\]|\\\\x[0-9a-f]{2})*"';
    const shape = new RegExp(`^[!-~]+ - - \\[[^\\]]+\\] ${field} 200 17 ${field} ${field}\\n$`);
    fc.assert(
      fc.property(hostile, hostile, hostile, (path, query, header) => {
        const record = recordOf({ path, query, headers: [header, path] });
        const line = requestLine('common', record, { headers: ['referer', 'user-agent'] });
        expect([shape.test(line), /^[ -~]*\n$/.test(line)]).toEqual([true, true]);
      }),
      { seed: 1 },
    );
  });
});

describe('haproxy', () => {
  const START = '10.0.0.1:4711 [22/Nov/2026:09:05:07.039] web';
  const unserved = { endpoint: '', pool: '', connectMs: -1, answerMs: -1, retries: 0 };
  const unread = { ...unserved, headMs: -1, status: 400 };

  test.each([
    { given: {}, want: 'main/e1 3/0/1/1/16 200 99 - - ---- 9/8/7/6/+1 0/0 "GET /a/x?q=1 HTTP/1.1"' },
    { given: { retries: 0 }, want: 'main/e1 3/0/1/1/16 200 99 - - ---- 9/8/7/6/0 0/0 "GET /a/x?q=1 HTTP/1.1"' },
    { given: { isHttp10: true }, want: 'main/e1 3/0/1/1/16 200 99 - - ---- 9/8/7/6/+1 0/0 "GET /a/x?q=1 HTTP/1.0"' },
    {
      given: { queueMs: 5, queuePlace: 2 },
      want: 'main/e1 3/5/1/1/16 200 99 - - ---- 9/8/7/6/+1 0/2 "GET /a/x?q=1 HTTP/1.1"',
    },
    {
      said: { path: '/"<' },
      given: { ...unserved, status: 404, end: 'no-route' as const },
      want: 'web/<NOSRV> 3/-1/-1/-1/16 404 99 - - PR-- 9/8/7/6/0 0/0 "GET /#22<?q=1 HTTP/1.1"',
    },
  ])('$want', ({ said = {}, given, want }) => {
    expect(requestLine('haproxy', recordOf(said, given))).toBe(`${START} ${want}\n`);
  });

  test('a head that never came whole, and a client of a unix socket', () => {
    const record = recordOf({ method: '' }, { ...unread, end: 'bad-request', clientIp: '', clientPort: 0 });
    expect(requestLine('haproxy', record)).toBe(
      'unix:0 [22/Nov/2026:09:05:07.043] web web/<NOSRV> -1/-1/-1/-1/12 400 99 - - PR-- 9/8/7/6/0 0/0 "<BADREQ>"\n',
    );
  });

  test.each([
    { given: { end: 'complete' }, want: '0/0/0 ----' },
    { given: { end: 'route', ...unserved }, want: '-1/-1/-1 LR--' },
    { given: { end: 'client-timeout', stage: 'answer', answerMs: -1 }, want: '0/0/-1 cH--' },
    { given: { end: 'client-gone', stage: 'queue', ...unserved, queueMs: 4 }, want: '4/-1/-1 CQ--' },
    { given: { end: 'client-gone', stage: 'connection', connectMs: -1, answerMs: -1 }, want: '0/-1/-1 CC--' },
    { given: { end: 'client-gone', stage: 'data' }, want: '0/0/0 CD--' },
    { given: { end: 'bad-request', stage: 'data', fault: 'half-closed', answerMs: -1 }, want: '0/0/-1 CD--' },
    { given: { end: 'no-endpoint', stage: 'connection', ...unserved }, want: '-1/-1/-1 SC--' },
    { given: { end: 'turned-away', stage: 'queue', ...unserved }, want: '-1/-1/-1 PQ--' },
    { given: { end: 'turned-away', stage: 'queue', ...unserved, queueMs: 300 }, want: '300/-1/-1 sQ--' },
    { given: { end: 'endpoint-failed', stage: 'connection', connectMs: -1, answerMs: -1 }, want: '0/-1/-1 SC--' },
    { given: { end: 'endpoint-failed', stage: 'answer', fault: 'garbage', answerMs: -1 }, want: '0/0/-1 PH--' },
    {
      given: { end: 'endpoint-failed', stage: 'connection', fault: 'descriptors', connectMs: -1, answerMs: -1 },
      want: '0/-1/-1 RC--',
    },
    { given: { end: 'endpoint-timeout', stage: 'answer', answerMs: -1 }, want: '0/0/-1 sH--' },
    { given: { end: 'answer-cut', stage: 'data' }, want: '0/0/0 SD--' },
    { given: { end: 'answer-cut', stage: 'data', fault: 'timeout' }, want: '0/0/0 sD--' },
  ] as const)('how it ended: $want', ({ given, want }) => {
    const record = recordOf({}, { headMs: 0, connectMs: 0.1, answerMs: 0.2, retries: 0, ...given });
    const [waits, state] = want.split(' ');
    const line = requestLine('haproxy', record);
    expect(line).toMatch(new RegExp(` 0/${waits}/\\d+ 200 99 - - ${state} `));
  });

  test('what is rounded adds up', () => {
    const part = fc.double({ min: 0, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(part, part, part, part, part, (headMs, queueMs, connectMs, answerMs, restMs) => {
        const durationMs = queueMs + connectMs + answerMs + restMs;
        const record = recordOf({}, { headMs, queueMs, connectMs, answerMs, durationMs });
        const [, times = ''] = / (\d+\/\d+\/\d+\/\d+\/\d+) /.exec(requestLine('haproxy', record)) ?? [];
        const [tr = -1, tw = -1, tc = -1, answer = -1, ta = -1] = times.split('/').map(Number);
        expect(tr + tw + tc + answer).toBeLessThanOrEqual(ta);
        expect(Math.abs(ta - headMs - durationMs)).toBeLessThanOrEqual(0.51);
      }),
      { seed: 1 },
    );
  });

  test.each([
    { given: {}, want: 'mysql db/e#201 0/1/5007 212 --' },
    { given: { end: 'client-gone', queueMs: 3 }, want: 'mysql db/e#201 3/1/5007 212 CD' },
    { given: { end: 'client-gone', connectMs: -1 }, want: 'mysql db/e#201 0/-1/5007 212 CC' },
    { given: { end: 'endpoint-failed', connectMs: -1 }, want: 'mysql db/e#201 0/-1/5007 212 SC' },
    { given: { end: 'endpoint-failed' }, want: 'mysql db/e#201 0/1/5007 212 SD' },
    { given: { end: 'no-endpoint', endpoint: '', connectMs: -1 }, want: 'mysql db/<NOSRV> -1/-1/5007 212 SC' },
    { given: { end: 'turned-away', endpoint: '', connectMs: -1 }, want: 'mysql db/<NOSRV> -1/-1/5007 212 PQ' },
    {
      given: { end: 'turned-away', endpoint: '', connectMs: -1, queueMs: 300 },
      want: 'mysql db/<NOSRV> 300/-1/5007 212 sQ',
    },
    {
      given: { end: 'client-gone', endpoint: '', queueMs: 5, connectMs: -1 },
      want: 'mysql db/<NOSRV> 5/-1/5007 212 CQ',
    },
    { given: { end: 'idle' }, want: 'mysql db/e#201 0/1/5007 212 cD' },
    { given: { end: 'evicted' }, want: 'mysql db/e#201 0/1/5007 212 KD' },
  ] as const)('a connection: $want', ({ given, want }) => {
    const line = connectionLine('haproxy', given);
    expect(line).toBe(`10.0.1.2:33313 [22/Nov/2026:09:05:07.043] ${want} 9/8/7/6/+1 0/0\n`);
  });

  test('any bytes are one line of the same fields', () => {
    const name = '[!-~]+';
    const shape = new RegExp(
      `^${name}:4711 \\[[^\\]]+\\] ${name} ${name}/${name} 3/0/1/1/16 200 99 - - ---- 9/8/7/6/\\+1 0/0 "[ !#-~]+"\\n$`,
    );
    fc.assert(
      fc.property(hostile, hostile, hostileText, (path, query, text) => {
        const given = { pool: `p${text}`, endpoint: `e${text}`, clientIp: `c${text}` };
        const line = requestLine('haproxy', recordOf({ path, query }, given), { listener: `l${text}` });
        expect(shape.test(line)).toBe(true);
      }),
      { seed: 1 },
    );
  });
});
