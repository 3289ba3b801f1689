import { describe, expect, test } from 'vitest';
import { createRequestReader, createResponseReader, type Message } from './message-reader.ts';

const HOST = 'Host: a\r\n';
const OK = `GET / HTTP/1.1\r\n${HOST}\r\n`;

function readRequests(bytes: string, step = bytes.length): { bodies: string[]; violation: string | undefined } {
  const bodies: string[] = [];
  const reader = createRequestReader({ end: (message) => bodies.push(message.body.toString('latin1')) });
  for (let at = 0; at < bytes.length; at += step) reader.push(Buffer.from(bytes.slice(at, at + step), 'latin1'));
  return { bodies, violation: reader.violation };
}

function readResponses(bytes: string, methods: string[] = []): { messages: Message[]; violation: string | undefined } {
  const messages: Message[] = [];
  const reader = createResponseReader(() => methods.shift() ?? 'GET', { end: (message) => messages.push(message) });
  reader.push(Buffer.from(bytes, 'latin1'));
  reader.finish();
  return { messages, violation: reader.violation };
}

describe('the strict reader of requests', () => {
  test.each([
    { why: 'two in a row', bytes: OK + OK, want: ['', ''] },
    { why: 'a length', bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello${OK}`, want: ['hello', ''] },
    {
      why: 'chunks',
      bytes: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n${OK}`,
      want: ['hello', ''],
    },
    { why: 'half a body', bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhel`, want: [] },
  ])('reads $why, whole and byte by byte', ({ bytes, want }) => {
    for (const step of [bytes.length, 1, 3])
      expect(readRequests(bytes, step)).toEqual({ bodies: want, violation: undefined });
  });

  test.each([
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 5\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n`,
    `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5;a\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\nhello`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`,
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n`,
    'GET / HTTP/1.1\r\n\r\n',
    `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X : y\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X: a\0\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X: a\nY: b\r\n\r\n`,
    `GET / HTTP/1.1\r\n${HOST}X: a\rb\r\n\r\n`,
    'GET  / HTTP/1.1\r\n\r\n',
    `\r\n${OK}`,
  ])('refuses %j', (bytes) => {
    expect(readRequests(bytes)).toEqual({ bodies: [], violation: expect.any(String) });
    expect(readRequests(bytes, 1).violation).toBeDefined();
  });
});

describe('the strict reader of responses', () => {
  test('HEAD, 204 and 304 have no content and keep the order of methods', () => {
    const head = (status: number): string => `HTTP/1.1 ${status} X\r\nContent-Length: 3\r\n\r\n`;
    const bytes = `${head(200)}HTTP/1.1 204 X\r\n\r\n${head(304)}${head(200)}abc`;
    const { messages, violation } = readResponses(bytes, ['HEAD', 'GET', 'GET', 'GET']);
    expect([messages.map((each) => each.body.toString()), violation]).toEqual([['', '', '', 'abc'], undefined]);
  });

  test.each([
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na',
    'garbage\r\n\r\n',
  ])('refuses %j', (bytes) => expect(readResponses(bytes).violation).toBeDefined());

  test('content until close ends with the connection, other content is then incomplete', () => {
    expect(readResponses('HTTP/1.1 200 OK\r\n\r\nabc').messages.map((each) => each.body.toString())).toEqual(['abc']);
    expect(readResponses('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc').messages).toEqual([]);
  });
});
