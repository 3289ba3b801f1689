import { describe, expect, test } from 'vitest';
import type { ConnectErrorCode } from '../../transport/transport.ts';
import { createScheduler } from '../membership/scheduler.ts';
import { scriptedTransport } from '../testing/scripted-transport.ts';
import type { ProbeResult } from './probe.ts';
import { createProbe } from './registry.ts';
import { HealthConfig } from './schema.ts';

const address = { kind: 'tcp', host: '192.0.2.1', port: 80 } as const;

function setUp(health: object = { type: 'http' }) {
  const world = scriptedTransport();
  const probe = createProbe(HealthConfig.parse(health), { transport: world.transport, scheduler: createScheduler() });
  const results: ProbeResult[] = [];
  const start = () => probe.start({ address, authority: 'a' }, (result) => results.push(result));
  return { ...world, results, start };
}

describe('a check that was stopped before its connect came about', () => {
  test('is terminated when it opens late, and reports nothing', () => {
    const { start, open, log, results } = setUp();
    start().stop();
    open();
    expect(log).toEqual(['connect', 'terminate']);
    expect(results).toEqual([]);
  });

  test('reports nothing when it fails late', () => {
    const { start, fail, results } = setUp();
    start().stop();
    fail('unreachable', 'ETIMEDOUT');
    expect(results).toEqual([]);
  });

  test('makes the next one cancellable, until the address answers', () => {
    const { start, open, fail, log } = setUp();
    start().stop();
    start().stop();
    expect(log.splice(0)).toEqual(['connect', 'connect cancellably', 'cancel']);
    start();
    fail('refused', 'ECONNREFUSED');
    start().stop();
    start();
    open();
    start();
    expect(log.filter((line) => line.startsWith('connect'))).toEqual([
      'connect cancellably',
      'connect',
      'connect cancellably',
      'connect',
    ]);
  });
});

describe('a connect that failed', () => {
  test.each<{ code: ConnectErrorCode; systemCode?: string; want: ProbeResult }>([
    { code: 'refused', systemCode: 'ECONNREFUSED', want: { kind: 'unreachable', reason: 'connect refused' } },
    { code: 'unreachable', systemCode: 'EHOSTUNREACH', want: { kind: 'unreachable', reason: 'host unreachable' } },
    { code: 'unreachable', systemCode: 'ENETUNREACH', want: { kind: 'unreachable', reason: 'network unreachable' } },
    { code: 'unreachable', systemCode: 'ETIMEDOUT', want: { kind: 'unreachable', reason: 'connect timed out' } },
    { code: 'not-found', systemCode: 'ENOENT', want: { kind: 'unreachable', reason: 'no such socket' } },
    { code: 'other', systemCode: 'EACCES', want: { kind: 'unreachable', reason: 'permission denied' } },
    { code: 'other', systemCode: 'ECONNRESET', want: { kind: 'unreachable', reason: 'connect failed: ECONNRESET' } },
    { code: 'other', want: { kind: 'unreachable', reason: 'connect failed: other' } },
    { code: 'descriptors', systemCode: 'EMFILE', want: { kind: 'not-run', reason: 'could not connect: EMFILE' } },
    {
      code: 'other',
      systemCode: 'EADDRNOTAVAIL',
      want: { kind: 'not-run', reason: 'could not connect: EADDRNOTAVAIL' },
    },
  ])('$code $systemCode', ({ code, systemCode, want }) => {
    const { start, fail, results } = setUp();
    start();
    fail(code, systemCode);
    expect(results).toEqual([want]);
  });
});

describe('the request', () => {
  const lines = (log: readonly string[]) => log.slice(1).join('').split('\r\n');

  test('a POST says that it has no body; the later of two equal names wins', () => {
    const { start, open, log } = setUp({
      type: 'http',
      method: 'POST',
      headers: { accept: 'a', Accept: 'b', host: 'h' },
    });
    start();
    open();
    expect(lines(log)).toEqual([
      ...['POST / HTTP/1.1', 'host: h', 'User-Agent: equipoise', 'Accept: b'],
      ...['Connection: close', 'Content-Length: 0', '', ''],
    ]);
  });

  test('goes on where the kernel stopped taking it', () => {
    const { start, open, log, script } = setUp();
    script.accepts = [5, 0, 7];
    start();
    const connection = open();
    connection.drains();
    connection.drains();
    connection.drains();
    connection.drains();
    const want = ['GET / HTTP/1.1', 'Host: a', 'User-Agent: equipoise', 'Accept: */*', 'Connection: close', '', ''];
    expect(lines(log)).toEqual(want);
  });

  test('to a connection that is gone', () => {
    const { start, open, log, script, results } = setUp();
    script.accepts = [-1];
    start();
    open();
    expect(log).toEqual(['connect', 'terminate']);
    expect(results).toMatchObject([{ kind: 'failed', reason: 'connection closed before the end of the answer' }]);
  });
});

describe('after the verdict', () => {
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

  test.each([
    { why: 'the whole answer: closed', says: ok, want: 'close' },
    { why: 'garbage: reset', says: 'SSH-2.0', want: 'terminate' },
    { why: 'a body that is cut: reset', says: `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(70_000)}`, want: 'terminate' },
    { why: 'an answer before the request was sent: reset', says: ok, accepts: 5, want: 'terminate' },
  ])('$why', ({ says, accepts, want }) => {
    const { start, open, log, script, results } = setUp();
    if (accepts !== undefined) script.accepts = [accepts];
    const run = start();
    const connection = open();
    connection.says(says);
    connection.says(says);
    run.stop();
    expect([log.slice(2), results.length]).toEqual([[want], 1]);
  });
});
