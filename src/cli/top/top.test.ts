import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Admin, startAdmin } from '../../admin/admin.ts';
import { adminDeps } from '../../admin/testing/ask.ts';
import type { OverviewWire } from '../../admin/wire.ts';
import type { RunningServer } from '../../server/server.ts';
import { startLines } from '../../server/testing/start.ts';
import { startProgram } from '../testing/program.ts';
import { createRateMeter, type EndpointNow } from './rates.ts';
import { openTerminal } from './terminal.ts';
import { renderTop } from './view.ts';

function endpoint(id: string, good: number, bad: number, other: Partial<EndpointNow> = {}): EndpointNow {
  const requests = { none: 0, '1xx': 0, '2xx': good, '3xx': 0, '4xx': 0, '5xx': bad };
  const state = { mode: 'ready', health: 'up', eligible: true, reasons: [], inFlight: 1, connectFailures: 0 };
  const weight = { configured: 1, effective: 1, origin: 'file' };
  return {
    id,
    requests,
    weight,
    latencySteps: { first: 1, counts: [good] },
    ...state,
    ...other,
  } as unknown as EndpointNow;
}

function overview(second: number, endpoints: readonly EndpointNow[], startedAt = 0): OverviewWire {
  const pool = { name: 'main', policy: 'p2c', endpoints, eligible: 1, inFlight: 3 };
  const program = { version: '1.2.3', runtime: 'test', state: 'serving', connectionsOpen: 12 };
  return {
    ...program,
    at: second * 1000,
    startedAt,
    latencyBoundsMs: [0, 10, 20],
    pools: [pool],
  } as unknown as OverviewWire;
}

describe('a frame', () => {
  const rates = createRateMeter();
  const down: Partial<EndpointNow> = {
    health: 'down',
    eligible: false,
    reasons: ['down: connect refused'],
    inFlight: 2,
  };
  rates.add(overview(1, [endpoint('a', 0, 0), endpoint('b', 0, 0, down)]));
  const now = overview(2, [endpoint('a', 75, 0), endpoint('b', 20, 5, down)]);
  rates.add(now);
  const frame = { target: 'http://here', overview: now, rates, events: ['12:00:00 ▲ b is down', '11:00:00   a is up'] };

  test('as plain text', () => {
    expect(renderTop(frame, { rows: 99, color: false })).toEqual([
      'equipoise top   http://here   1.2.3, test   12 client connections',
      '',
      'main  p2c  100 req/s  p50 15 ms  p99 15 ms  failed 5.0 %  3 in flight  1 of 2 eligible',
      '  endpoint  state          share, 10 s                     weight     req/s       p50       p99    failed in flight  requests',
      '  a         ● up           ███████████████·····   75 %          1        75     15 ms     15 ms       0 %         1        75',
      '  b         ▼ down         █████···············   25 %          1        25     15 ms     15 ms      20 %         2        25  down: connect refused',
      '',
      'events',
      '  12:00:00 ▲ b is down',
      '  11:00:00   a is up',
    ]);
  });

  test('colours change no character, and the terminal is not left at its foot', () => {
    const plain = renderTop(frame, { rows: 9, color: false });
    expect(renderTop(frame, { rows: 9, color: true }).map(stripVTControlCharacters)).toEqual(plain);
    expect(plain).toHaveLength(9);
  });

  test('a program that was started anew counts from the beginning', () => {
    rates.add(overview(3, [endpoint('a', 4, 0)], 60_000));
    expect(rates.pool('main').perSecond).toBe(0);
  });
});

test('only lines that differ are written', () => {
  let written = '';
  const terminal = openTerminal((text) => (written += text));
  terminal.draw(['one', 'two', 'three']);
  written = '';
  terminal.draw(['one', 'TWO']);
  expect(written).toBe('\x1b[2;1HTWO\x1b[K\x1b[3;1H\x1b[K');
  written = '';
  terminal.draw(['one', 'TWO']);
  expect(written).toBe('');
  terminal.resized();
  terminal.draw(['one']);
  expect(written).toContain('\x1b[1;1Hone');
});

describe('the command', () => {
  let server: RunningServer;
  let admin: Admin;
  let url: string;
  beforeAll(async () => {
    const listener = { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } as const;
    server = await startLines({ listeners: { web: listener }, pools: { main: { endpoints: ['127.0.0.1:1'] } } });
    const bind = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
    const deps = adminDeps(() => server, { wallClock: Date.now });
    admin = await startAdmin({ bind, token: 'secret' }, deps);
    url = `http://127.0.0.1:${(admin.address as { port: number }).port}`;
  });
  afterAll(async () => {
    admin.close();
    await server.close();
  });

  test('prints once where nobody watches', async () => {
    const { code, output } = await startProgram(['top', '--admin', url, '--token', 'secret'], '/').ended;
    expect(output).toContain(`equipoise top   ${url}`);
    expect(output).toMatch(/127\.0\.0\.1:1 +○ unchecked/);
    expect(output).not.toContain('\x1b');
    expect(code).toBe(0);
  });

  test.each([
    { name: 'a wrong token', args: ['--token', 'wrong'], says: 'does not know this token', code: 1 },
    { name: 'nobody there', args: ['--admin', '127.0.0.1:1'], says: 'nobody listens', code: 1 },
    { name: 'a word too many', args: ['now'], says: 'unexpected now', code: 2 },
  ])('$name: told', async ({ args, says, code }) => {
    const ended = await startProgram(['top', '--admin', url, ...args], '/').ended;
    expect([ended.code, ended.output]).toEqual([code, expect.stringContaining(says)]);
  });

  const hasScript = spawnSync('script', ['--version']).status === 0 || process.env['CI'] !== undefined;
  test.skipIf(!hasScript)('q ends it, and the terminal is as it was (skipped: no script(1) here)', async () => {
    const main = join(import.meta.dirname, '../main.ts');
    const command = `${process.execPath} ${main} top --admin ${url} --token secret`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const isFirst = !output.includes('unchecked');
      output += text;
      if (isFirst && output.includes('unchecked')) child.stdin.write('q');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
    expect(output.indexOf('\x1b[?1049h')).toBeGreaterThanOrEqual(0);
    expect(output.trimEnd().endsWith('\x1b[?1049l')).toBe(true);
  });
});
