import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseResponse, readResponse } from '../../testing/heads.ts';
import { responseTexts } from '../../testing/messages.ts';
import { COMPLETE } from './field-scanner.ts';
import type { ResponseHead } from './response-head.ts';
import {
  isForwardedAsIs,
  type ResponseExtras,
  writeInterimHead,
  writeResponseHead,
  writeSwitchingHead,
} from './response-writer.ts';

const NO_LINES = { servedByLine: '', explainLine: '' };
const PLAIN: ResponseExtras = { isHttp10Client: false, keepAlive: true, isChunked: false, ...NO_LINES };
const SERVED_BY = 'X-Served-By: e1\r\n';
const EXPLAINED = 'X-Equipoise-Explain: {}\r\n';
const text = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;

function parsed(answer: string): ResponseHead {
  const { head, status } = parseResponse(answer, { at: 3 });
  if (status !== COMPLETE) throw new Error(`refused: ${status}`);
  return head;
}

function lines(answer: string, write: (head: ResponseHead, out: Buffer) => number): string[] {
  const out = Buffer.alloc(10_000);
  const written = out.toString('latin1', 0, write(parsed(answer), out));
  expect(written.endsWith('\r\n\r\n')).toBe(true);
  return written.slice(0, -4).split('\r\n');
}

describe('writeResponseHead', () => {
  test.each([
    {
      why: 'as it came',
      sent: ['HTTP/1.1 200 OK', 'Date: x', 'Server: y'],
      extras: {},
      want: ['HTTP/1.1 200 OK', 'Date: x', 'Server: y'],
    },
    {
      why: 'HTTP/1.0 becomes HTTP/1.1',
      sent: ['HTTP/1.0 200 OK', 'A: 1'],
      extras: {},
      want: ['HTTP/1.1 200 OK', 'A: 1'],
    },
    {
      why: 'a missing reason gets its space',
      sent: ['HTTP/1.0 500', 'A: 1'],
      extras: {},
      want: ['HTTP/1.1 500 ', 'A: 1'],
    },
    { why: 'without reason or field', sent: ['HTTP/1.1 500'], extras: {}, want: ['HTTP/1.1 500 '] },
    { why: 'an empty reason stays', sent: ['HTTP/1.1 500 '], extras: {}, want: ['HTTP/1.1 500 '] },
    {
      why: 'hop-by-hop fields end here',
      sent: ['HTTP/1.1 200 OK', 'Connection: x-a', 'X-A: 1', 'Keep-Alive: 5', 'B: 2'],
      extras: {},
      want: ['HTTP/1.1 200 OK', 'B: 2'],
    },
    {
      why: '204 has no length',
      sent: ['HTTP/1.1 204 No Content', 'Content-Length: 0', 'A: 1'],
      extras: {},
      want: ['HTTP/1.1 204 No Content', 'A: 1'],
    },
    {
      why: '304 keeps the length',
      sent: ['HTTP/1.1 304 x', 'Content-Length: 9'],
      extras: {},
      want: ['HTTP/1.1 304 x', 'Content-Length: 9'],
    },
    {
      why: 'chunked stays where it was',
      sent: ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'A: 1'],
      extras: { isChunked: true },
      want: ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'A: 1'],
    },
    {
      why: 'a client of HTTP/1.0 gets no chunks',
      sent: ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
      extras: { isHttp10Client: true, keepAlive: false },
      want: ['HTTP/1.1 200 OK', 'Connection: close'],
    },
    {
      why: 'close',
      sent: ['HTTP/1.1 200 OK', 'A: 1'],
      extras: { keepAlive: false },
      want: ['HTTP/1.1 200 OK', 'A: 1', 'Connection: close'],
    },
    {
      why: 'HTTP/1.0 is told that it is kept alive',
      sent: ['HTTP/1.1 200 OK'],
      extras: { isHttp10Client: true },
      want: ['HTTP/1.1 200 OK', 'Connection: keep-alive'],
    },
    {
      why: 'who served',
      sent: ['HTTP/1.1 200 OK', 'A: 1'],
      extras: { servedByLine: SERVED_BY },
      want: ['HTTP/1.1 200 OK', 'A: 1', 'X-Served-By: e1'],
    },
    {
      why: 'an endpoint’s own X-Served-By gives way',
      sent: ['HTTP/1.1 200 OK', 'x-served-BY: me', 'A: 1', 'X-Served-By: you'],
      extras: { servedByLine: SERVED_BY },
      want: ['HTTP/1.1 200 OK', 'A: 1', 'X-Served-By: e1'],
    },
    {
      why: 'an endpoint cannot explain in our place',
      sent: ['HTTP/1.1 200 OK', 'x-equipoise-explain: lies', 'A: 1'],
      extras: { explainLine: EXPLAINED },
      want: ['HTTP/1.1 200 OK', 'A: 1', 'X-Equipoise-Explain: {}'],
    },
    {
      why: 'other names stay',
      sent: ['HTTP/1.1 200 OK', 'X-Served-By-Region: me', 'X-Server-By: a'],
      extras: { servedByLine: SERVED_BY },
      want: ['HTTP/1.1 200 OK', 'X-Served-By-Region: me', 'X-Server-By: a', 'X-Served-By: e1'],
    },
    {
      why: 'and stays where ours is off',
      sent: ['HTTP/1.1 200 OK', 'X-Served-By: me'],
      extras: {},
      want: ['HTTP/1.1 200 OK', 'X-Served-By: me'],
    },
  ])('$why', ({ sent, extras, want }) => {
    expect(lines(text(...sent), (head, out) => writeResponseHead(head, out, { ...PLAIN, ...extras }))).toEqual(want);
  });
});

describe('isForwardedAsIs', () => {
  const ok = text('HTTP/1.1 200 OK', 'Content-Length: 3');

  test.each([
    { why: 'nothing changes', answer: ok, extras: {}, want: true },
    { why: 'a field is cut', answer: text('HTTP/1.1 200 OK', 'Keep-Alive: 5'), extras: {}, want: false },
    { why: 'HTTP/1.0', answer: text('HTTP/1.0 200 OK', 'A: 1'), extras: {}, want: false },
    { why: 'no reason', answer: text('HTTP/1.1 200', 'A: 1'), extras: {}, want: false },
    { why: 'close', answer: ok, extras: { keepAlive: false }, want: false },
    { why: 'a client of HTTP/1.0', answer: ok, extras: { isHttp10Client: true }, want: false },
    { why: 'chunked', answer: ok, extras: { isChunked: true }, want: false },
    { why: 'why it was served so', answer: ok, extras: { explainLine: EXPLAINED }, want: false },
    { why: 'who served', answer: ok, extras: { servedByLine: SERVED_BY }, want: false },
  ])('$why: $want', ({ answer, extras, want }) => {
    expect(isForwardedAsIs(parsed(answer), { ...PLAIN, ...extras })).toBe(want);
  });

  test('agrees with what would be written', () => {
    fc.assert(
      fc.property(responseTexts, (answer) => {
        const { head, status } = parseResponse(answer);
        if (status !== COMPLETE || !isForwardedAsIs(head, PLAIN)) return;
        const out = Buffer.alloc(10_000);
        expect(out.toString('latin1', 0, writeResponseHead(head, out, PLAIN))).toBe(answer);
      }),
      { numRuns: 500 },
    );
  });
});

describe('heads that are not final', () => {
  test('101 names the protocol again', () => {
    const sent = text(
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Content-Length: 0',
      'Sec-WebSocket-Accept: x',
    );
    expect(lines(sent, writeSwitchingHead)).toEqual([
      'HTTP/1.1 101 Switching Protocols',
      'Sec-WebSocket-Accept: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
    ]);
  });

  test('101 without a protocol', () => {
    expect(lines(text('HTTP/1.1 101', 'A: 1'), writeSwitchingHead)).toEqual([
      'HTTP/1.1 101 ',
      'A: 1',
      'Connection: Upgrade',
    ]);
  });

  test.each([
    { why: '100', sent: ['HTTP/1.1 100 Continue'], want: ['HTTP/1.1 100 Continue'] },
    { why: '100 without reason', sent: ['HTTP/1.0 100'], want: ['HTTP/1.1 100 '] },
    {
      why: '103 with its fields',
      sent: ['HTTP/1.1 103 Early Hints', 'Link: x', 'Connection: close', 'Content-Length: 5'],
      want: ['HTTP/1.1 103 Early Hints', 'Link: x'],
    },
  ])('$why', ({ sent, want }) => {
    expect(lines(text(...sent), writeInterimHead)).toEqual(want);
  });
});

const extrases = fc.record({
  isHttp10Client: fc.boolean(),
  keepAlive: fc.boolean(),
  servedByLine: fc.constantFrom('', SERVED_BY),
  explainLine: fc.constantFrom('', EXPLAINED),
});

test('what is written has one reading, that of what came', () => {
  let accepted = 0;
  fc.assert(
    fc.property(responseTexts, extrases, (answer, given) => {
      const came = readResponse(answer);
      if (came.outcome !== COMPLETE) return;
      accepted++;
      const { head } = parseResponse(answer);
      const out = Buffer.alloc(10_000);
      const extras = { ...given, isChunked: head.isChunked && !given.isHttp10Client };
      const goes = readResponse(out.toString('latin1', 0, writeResponseHead(head, out, extras)));
      expect(goes).toMatchObject({
        outcome: COMPLETE,
        status: came.status,
        isHttp10: false,
        lacksReason: false,
        isChunked: extras.isChunked,
        keepAlive: extras.keepAlive,
        upgrade: null,
        contentLength: came.status === 204 || came.status! < 200 ? -1 : came.contentLength,
      });
      const ownless = (fields: readonly string[] | undefined) =>
        fields?.filter((field) => !/^(connection|transfer-encoding|x-served-by|x-equipoise-explain): /i.test(field));
      expect(ownless(goes.fields)).toEqual(ownless(came.kept));
    }),
    { numRuns: 1000 },
  );
  expect(accepted).toBeGreaterThan(200);
});
