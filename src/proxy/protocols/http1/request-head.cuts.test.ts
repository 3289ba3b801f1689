import { describe, expect, test } from 'vitest';
import { type FeedOptions, readRequest } from '../../testing/heads.ts';

/** A request with these fields behind its Host. */
const withFields = (...lines: string[]) =>
  `GET / HTTP/1.1\r\nHost: a.example\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const trusted: FeedOptions = { trusted: true };

describe('fields that are not forwarded', () => {
  test.each([
    'Connection: close',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'TE: trailers',
    'Transfer-Encoding: chunked',
    'Upgrade: websocket',
    'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
    'X-Real-IP: 1.1.1.1',
    'X-Equipoise-Explain: token',
  ])('%s, of anyone', (line) => {
    const kept = ['Host: a.example', 'X-B: 1', 'X-C: 2'];
    expect(readRequest(withFields('X-B: 1', line, 'X-C: 2'))).toMatchObject({ kept });
    expect(
      readRequest(withFields('X-B: 1', line.toUpperCase(), 'X-C: 2').replace('CHUNKED', 'chunked'), trusted),
    ).toMatchObject({ kept });
  });

  test.each([
    'Forwarded: for=1.1.1.1',
    'X-Request-Id: 1',
    'X-Forwarded-Host: b.example',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Port: 443',
    'X-Forwarded-Server: b',
    'X-Forwarded-By: b',
    'X-Forwarded-A: 1',
    'X-Forwarded-Prefix: /x',
    'X-Forwarded-Ssl: on',
    'X-Forwarded-Client-Cert: x',
  ])('%s, unless the peer is trusted', (line) => {
    expect(readRequest(withFields(line, 'X-B: 1'))).toMatchObject({ kept: ['Host: a.example', 'X-B: 1'] });
    expect(readRequest(withFields(line, 'X-B: 1'), trusted)).toMatchObject({
      kept: ['Host: a.example', line, 'X-B: 1'],
    });
  });

  test.each([
    'X_Forwarded_For: 1',
    'x_forwarded-proto: 1',
    'X-Forwarded_For: 1',
    'X-Real_IP: 1',
    'X_REAL_IP: 1',
    'X-Request_Id: 1',
    'X_Forwarded-Prefix: 1',
    'X-Forwarded-_For: 1',
  ])('%s, which CGI reads as a name of ours, of anyone', (line) => {
    const kept = ['Host: a.example', 'X_B: 1'];
    expect(readRequest(withFields(line, 'X_B: 1'))).toMatchObject({ kept });
    expect(readRequest(withFields(line, 'X_B: 1'), trusted)).toMatchObject({ kept });
  });

  test('X-Forwarded-For, which is written anew', () => {
    const text = withFields('X-Forwarded-For: 1', 'X-Forwarded-For: 2');
    expect(readRequest(text)).toMatchObject({ kept: ['Host: a.example'], forwardedFor: null });
    expect(readRequest(text, trusted)).toMatchObject({ kept: ['Host: a.example'], forwardedFor: '1, 2' });
  });

  test('Connection alone names', () => {
    const kept = ['User-Agent: x-a', 'Connections: x-a', 'X-A: 1'];
    expect(readRequest(withFields('Connection: x-b', ...kept))).toMatchObject({ kept: ['Host: a.example', ...kept] });
  });

  test.each(['X-Forwarded-Port', 'X-Forwarded-Fox', 'X-Forwarded-Proxy', 'X-Forwarded-Fo', 'X-Forwarded-Hosts'])(
    '%s of a trusted peer takes the place of nothing',
    (name) => {
      const none = { forwardedFor: null, hasForwardedProto: false, hasForwardedHost: false, hasRequestId: false };
      expect(readRequest(withFields(`${name}: 1`), trusted)).toMatchObject({
        ...none,
        kept: ['Host: a.example', `${name}: 1`],
      });
    },
  );

  test('names of any length are kept', () => {
    for (let length = 1; length < 60; length++) {
      const line = `${'n'.repeat(length)}: 1`;
      expect(readRequest(withFields(line))).toMatchObject({ kept: ['Host: a.example', line] });
    }
  });

  test.each([
    { why: 'what Connection names', lines: ['Connection: x-a', 'X-A: 1', 'X-B: 2'], kept: ['X-B: 2'] },
    { why: 'also before it', lines: ['X-A: 1', 'Connection: x-a', 'X-B: 2'], kept: ['X-B: 2'] },
    { why: 'in any case, each time', lines: ['X-a: 1', 'Connection: close, X-A,x-c', 'x-C: 2', 'X-A: 3'], kept: [] },
    { why: 'in a second Connection', lines: ['Connection: keep-alive', 'Connection: x-a', 'X-A: 1'], kept: [] },
    {
      why: 'names that are none',
      lines: ['Connection: x-a:, "x-b", , x', 'X-A: 1', 'X-B: 2'],
      kept: ['X-A: 1', 'X-B: 2'],
    },
    {
      why: 'never what frames',
      lines: ['Connection: content-length', 'Content-Length: 1'],
      kept: ['Content-Length: 1'],
    },
    { why: 'never what addresses', lines: ['Connection: host, x-a', 'X-B: 1'], kept: ['X-B: 1'] },
    {
      why: 'never what authenticates',
      lines: ['Connection: cookie, authorization, x', 'Cookie: a', 'Authorization: b'],
      kept: ['Cookie: a', 'Authorization: b'],
    },
    { why: 'never Expect', lines: ['Connection: expect', 'Expect: 100-continue'], kept: ['Expect: 100-continue'] },
  ])('$why', ({ lines, kept }) => {
    expect(readRequest(withFields(...lines))).toMatchObject({ kept: ['Host: a.example', ...kept] });
  });

  test.each(['X-Forwarded-Proto: 1', 'X-Forwarded-Host: 1', 'X-Request-Id: 1', 'Forwarded: 1'])(
    'Connection does not strip a trusted %s',
    (line) => {
      const name = line.split(':')[0]!;
      expect(readRequest(withFields(`Connection: ${name}`, line), trusted)).toMatchObject({
        kept: ['Host: a.example', line],
      });
    },
  );

  test.each([
    'Te-: 1',
    'Hosts: 1',
    'X-Real-IQ: 1',
    'Upgrades: 1',
    'Connections: 1',
    'Forwarder: 1',
    'X-Request-Ie: 1',
    'X-Forwarder-For: 1',
    'Keep-Alivf: 1',
    'TF: 1',
    'Content-Lengti: 1',
    'Trailer: x',
  ])('%s is nobody’s concern', (line) => {
    expect(readRequest(withFields(line))).toMatchObject({ kept: ['Host: a.example', line] });
  });
});
