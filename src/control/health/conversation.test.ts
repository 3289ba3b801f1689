import { describe, expect, test } from 'vitest';
import { fakeScheduler } from '../testing/fake-scheduler.ts';
import { scriptedTransport } from '../testing/scripted-transport.ts';
import type { ProbeResult } from './probe.ts';
import { createProbe } from './registry.ts';
import { HealthConfig } from './schema.ts';

function setUp(accepts: number[] = []) {
  const world = scriptedTransport();
  world.script.accepts = accepts;
  const probe = createProbe(HealthConfig.parse({ type: 'redis' }), {
    transport: world.transport,
    scheduler: fakeScheduler(),
  });
  const results: ProbeResult[] = [];
  const target = { address: { kind: 'tcp', host: '192.0.2.1', port: 6379 }, authority: 'a' } as const;
  const run = probe.start(target, (result) => results.push(result));
  const connection = world.open();
  return { ...world, ...connection, results, run };
}

const ASKED = '*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n';
const ANSWER = '+PONG\r\n$11\r\nrole:master\r\n';
const CLOSED = 'connection closed before the end of the Redis answer';

describe('a conversation on its connection', () => {
  test('is closed after the verdict; what comes later does nothing', () => {
    const { says, log, results, run } = setUp();
    says(ANSWER);
    says('+more\r\n');
    run.stop();
    expect(log).toEqual(['connect', ASKED, 'close']);
    expect(results).toMatchObject([{ kind: 'passed', role: 'primary' }]);
  });

  test('goes on where the kernel stopped taking it', () => {
    const { drains, says, log, results } = setUp([5, 0, 7]);
    drains();
    drains();
    drains();
    drains();
    says(ANSWER);
    expect(log.slice(1, -1).join('')).toBe(ASKED);
    expect([log.at(-1), results.length]).toEqual(['close', 1]);
  });

  test.each([
    { why: 'an answer before all was asked', accepts: [5], text: ANSWER },
    { why: 'more than was asked for', accepts: [], text: `${ANSWER}+more\r\n` },
    { why: 'another protocol', accepts: [], text: 'SSH-2.0' },
  ])('is reset after $why', ({ accepts, text }) => {
    const { says, log, results } = setUp(accepts);
    says(text);
    expect([log.at(-1), results.length]).toEqual(['terminate', 1]);
  });

  test('what would never end is cut off at 64 KiB', () => {
    const { says, log, results } = setUp();
    says(`+PONG\r\n$99999\r\n`);
    for (let i = 0; i < 100; i++) says('x'.repeat(1000));
    expect(results).toEqual([{ kind: 'failed', reason: 'the Redis answer is too long' }]);
    expect(log.at(-1)).toBe('terminate');
  });

  test.each([
    { why: 'the endpoint ends it', end: 'ends', leave: 'close' },
    { why: 'it is gone', end: 'closes', leave: undefined },
  ] as const)('$why too early', ({ end, leave }) => {
    const connection = setUp();
    connection.says('+PO');
    connection[end]();
    expect(connection.results).toEqual([{ kind: 'failed', reason: CLOSED }]);
    expect(connection.log.slice(2)).toEqual(leave === undefined ? [] : [leave]);
  });

  test('a connection that cannot be written to', () => {
    const { log, results } = setUp([-1]);
    expect([log, results]).toEqual([['connect', 'terminate'], [{ kind: 'failed', reason: CLOSED }]]);
  });
});
