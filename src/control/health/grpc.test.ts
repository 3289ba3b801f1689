import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createTransport } from '../../transport/detect.ts';
import { createScheduler } from '../membership/scheduler.ts';
import { type ConversationRow, describeConversation, hear } from '../testing/conversation.ts';
import { GrpcConversation } from './grpc.ts';
import { frame } from './grpc-frames.ts';
import { writeField } from './hpack.ts';
import type { ProbeResult } from './probe.ts';
import { createProbe } from './registry.ts';
import { HealthConfig } from './schema.ts';

const begin = () => new GrpcConversation('api.test:50051', '');
const [DATA, HEADERS, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION] = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const;
const ACK = 1;
const [END_STREAM, END_HEADERS, PADDED, PRIORITY] = [1, 4, 8, 32] as const;

const settings = frame(SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]));
const word = (...numbers: number[]) =>
  Buffer.concat(
    numbers.map((each) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(each);
      return bytes;
    }),
  );
const OK = Buffer.of(0x88); // :status 200 of the static table
const head = frame(HEADERS, END_HEADERS, 1, OK);
const message = (...body: number[]) => Buffer.from([0, 0, 0, 0, body.length, ...body]);
const status = (value: number) => frame(DATA, 0, 1, message(8, value));
const trailers = (code: string, text?: string) => {
  const fields = [writeField('grpc-status', code), ...(text === undefined ? [] : [writeField('grpc-message', text)])];
  return frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat(fields));
};
const good = Buffer.concat([settings, frame(SETTINGS, ACK, 0), head, status(1), trailers('0')]);

const SERVING = { kind: 'passed', reason: 'SERVING' } as const;
const NOT_HTTP2 = { kind: 'failed', reason: 'the answer is not HTTP/2' } as const;
const NOT_HEALTH = { kind: 'failed', reason: 'the answer is not a HealthCheckResponse' } as const;
const failed = (reason: string) => ({ kind: 'failed', reason }) as const;

const rows: (Omit<ConversationRow, 'bytes'> & { frames: Buffer[] })[] = [
  { why: 'SERVING', frames: [settings, head, status(1), trailers('0')], want: SERVING },
  { why: 'NOT_SERVING', frames: [settings, head, status(2), trailers('0')], want: failed('NOT_SERVING') },
  { why: 'UNKNOWN', frames: [settings, head, status(0), trailers('0')], want: failed('UNKNOWN') },
  {
    why: 'UNKNOWN, by leaving it out',
    frames: [settings, head, frame(DATA, 0, 1, message()), trailers('0')],
    want: failed('UNKNOWN'),
  },
  { why: 'SERVICE_UNKNOWN', frames: [settings, head, status(3), trailers('0')], want: failed('SERVICE_UNKNOWN') },
  { why: 'a status of tomorrow', frames: [settings, head, status(9), trailers('0')], want: failed('status 9') },
  {
    why: 'no such service: trailers only',
    frames: [settings, frame(HEADERS, 5, 1, Buffer.concat([OK, writeField('grpc-status', '5')]))],
    want: failed('grpc-status 5 (NOT_FOUND)'),
  },
  {
    why: 'no health service',
    frames: [settings, head, trailers('12', 'unknown service')],
    want: failed('grpc-status 12 (UNIMPLEMENTED): unknown service'),
  },
  { why: 'a code of its own', frames: [settings, head, trailers('99')], want: failed('grpc-status 99') },
  {
    why: 'another HTTP status',
    frames: [settings, frame(HEADERS, 5, 1, Buffer.of(0x8d))],
    want: failed('HTTP status 404, expected 200'),
  },
  {
    why: 'an HTTP status in full',
    frames: [settings, frame(HEADERS, 5, 1, writeField(8, '503'))],
    want: failed('HTTP status 503, expected 200'),
  },
  { why: 'no status at all', frames: [settings, trailers('0')], want: failed('HTTP status none, expected 200') },
  {
    why: 'no grpc-status',
    frames: [settings, head, frame(DATA, END_STREAM, 1, message(8, 1))],
    want: failed('the answer has no grpc-status'),
  },
  {
    why: 'the message in two frames, with padding',
    frames: [
      settings,
      head,
      frame(DATA, PADDED, 1, Buffer.from([2, 0, 0, 0, 0, 0, 0])),
      frame(DATA, 0, 1, Buffer.from([2, 8, 1])),
      trailers('0'),
    ],
    want: SERVING,
  },
  {
    why: 'a head with padding and priority, in three frames',
    frames: [
      settings,
      frame(HEADERS, PADDED | PRIORITY, 1, Buffer.concat([Buffer.of(1), word(0), Buffer.of(16), OK, Buffer.of(0)])),
      frame(CONTINUATION, 0, 1, writeField('x', 'y')),
      frame(CONTINUATION, END_HEADERS, 1, Buffer.alloc(0)),
      status(1),
      trailers('0'),
    ],
    want: SERVING,
  },
  {
    why: 'windows, pings and frames of tomorrow in between',
    frames: [
      ...[settings, frame(WINDOW, 0, 0, word(1)), head, frame(PING, 0, 0, Buffer.alloc(8)), frame(77, 0, 0)],
      ...[frame(WINDOW, 0, 1, word(1)), frame(78, 0, 1), status(1), trailers('0')],
    ],
    want: SERVING,
  },
  {
    why: 'GOAWAY, but this call goes on',
    frames: [settings, frame(GOAWAY, 0, 0, word(1, 0)), head, status(1), trailers('0')],
    want: SERVING,
  },
  { why: 'GOAWAY', frames: [settings, frame(GOAWAY, 0, 0, word(0, 11))], want: failed('GOAWAY, error 11') },
  {
    why: 'reset',
    frames: [settings, frame(RESET, 0, 1, word(7))],
    want: failed('the call was reset, error 7'),
  },
  {
    why: 'a compressed message',
    frames: [settings, head, frame(DATA, 0, 1, Buffer.from([1, 0, 0, 0, 2, 8, 1])), trailers('0')],
    want: NOT_HEALTH,
  },
  {
    why: 'two messages',
    frames: [settings, head, frame(DATA, 0, 1, Buffer.concat([message(8, 1), message(8, 1)])), trailers('0')],
    want: NOT_HEALTH,
  },
  { why: 'no message', frames: [settings, head, trailers('0')], want: NOT_HEALTH },
  { why: 'no settings first', frames: [head], want: NOT_HTTP2 },
  { why: 'HTTP/1.1', frames: [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], want: NOT_HTTP2 },
  { why: 'settings of no length', frames: [frame(SETTINGS, 0, 0, Buffer.alloc(5))], want: NOT_HTTP2 },
  { why: 'settings of a stream', frames: [settings, frame(SETTINGS, 0, 1)], want: NOT_HTTP2 },
  { why: 'a ping of no length', frames: [settings, frame(PING, 0, 0, Buffer.alloc(7))], want: NOT_HTTP2 },
  { why: 'a push', frames: [settings, frame(PUSH, 4, 1, word(2))], want: NOT_HTTP2 },
  { why: 'another stream', frames: [settings, frame(HEADERS, 5, 3, OK)], want: NOT_HTTP2 },
  { why: 'data of the connection', frames: [settings, frame(DATA, 0, 0)], want: NOT_HTTP2 },
  { why: 'too long a frame', frames: [settings, frame(DATA, 0, 1, Buffer.alloc(16_385))], want: NOT_HTTP2 },
  { why: 'more padding than frame', frames: [settings, frame(DATA, PADDED, 1, Buffer.from([9, 0]))], want: NOT_HTTP2 },
  {
    why: 'a block that another frame breaks',
    frames: [settings, frame(HEADERS, 0, 1, OK), status(1)],
    want: NOT_HTTP2,
  },
  { why: 'a block that goes on from nothing', frames: [settings, frame(CONTINUATION, 4, 1, OK)], want: NOT_HTTP2 },
  {
    why: 'a field of a table that is not allowed',
    frames: [settings, frame(HEADERS, 5, 1, Buffer.of(0xbe))],
    want: NOT_HTTP2,
  },
  { why: 'a table that is not allowed', frames: [settings, frame(HEADERS, 5, 1, Buffer.of(0x3f, 1))], want: NOT_HTTP2 },
  { why: 'a text that is cut', frames: [settings, frame(HEADERS, 5, 1, Buffer.of(0, 5, 65))], want: NOT_HTTP2 },
  { why: 'an endless number', frames: [settings, frame(HEADERS, 5, 1, Buffer.alloc(20, 0xff))], want: NOT_HTTP2 },
];

describeConversation('grpc', {
  begin,
  good,
  rows: rows.map(({ frames, ...row }) => ({ ...row, bytes: Buffer.concat(frames) })),
});

test('answers settings and pings, and says goodbye', () => {
  const ping = frame(PING, 0, 0, Buffer.from('12345678'));
  const acks = [frame(SETTINGS, ACK, 0), frame(PING, ACK, 0, Buffer.from('12345678'))];
  const goodbye = frame(GOAWAY, 0, 0, Buffer.alloc(8));
  const conversation = begin();
  const { said } = hear(conversation, Buffer.concat([settings, ping, frame(PING, ACK, 0, Buffer.alloc(8)), good]));
  const want = [conversation.opening, ...acks, frame(SETTINGS, ACK, 0), goodbye];
  expect(said).toBe(Buffer.concat(want).toString('hex'));
});

describe('with the server of Node', () => {
  const servers: Http2Server[] = [];
  const scheduler = createScheduler();
  const transport = createTransport({ onHandlerError: (error) => Promise.reject(error) });

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function check(behave: (stream: ServerHttp2Stream, body: Buffer) => void, service = ''): Promise<ProbeResult> {
    const server = createServer();
    servers.push(server);
    server.on('stream', (stream: ServerHttp2Stream) => stream.once('data', (body: Buffer) => behave(stream, body)));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const probe = createProbe(HealthConfig.parse({ type: 'grpc', service }), { scheduler, transport });
    return new Promise((resolve) => {
      probe.start({ address: { kind: 'tcp', host: '127.0.0.1', port }, authority: 'api.test' }, resolve);
    });
  }

  const answer = (stream: ServerHttp2Stream, code: string, text: string, body: Buffer) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': code, 'grpc-message': text }));
    stream.end(body);
  };

  test('the service is named, and SERVING passes', async () => {
    let asked = '';
    const result = await check((stream, body) => {
      asked = body.toString('latin1');
      answer(stream, '0', '', message(8, 1));
    }, 'shop.Cart');
    expect(result).toEqual({ kind: 'passed', reason: 'SERVING' });
    expect(asked).toBe('\0\0\0\0\x0b\x0a\x09shop.Cart');
  });

  test('every visible character comes through its coding', async () => {
    const visible = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
      .join('')
      .trim();
    const result = await check((stream) => answer(stream, '14', visible, Buffer.alloc(0)));
    expect(result).toEqual({ kind: 'failed', reason: `grpc-status 14 (UNAVAILABLE): ${visible}` });
  });
});
