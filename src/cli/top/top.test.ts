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
import { afterKey, keysIn, ORDERS } from './keys.ts';
import { createRateMeter, type EndpointNow } from './rates.ts';
import { openTerminal } from './terminal.ts';
import { drawTop } from './view.ts';

function endpoint(id: string, good: number, bad: number, other: Partial<EndpointNow> = {}): EndpointNow {
  const requests = { none: 0, '1xx': 0, '2xx': good, '3xx': 0, '4xx': 0, '5xx': bad };
  const state = { mode: 'ready', health: 'up', eligible: true, reasons: [], inFlight: 1, failures: bad };
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
    listeners: [],
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
    expect(drawTop(frame, { rows: 99, width: 200, color: false }).lines).toEqual([
      'equipoise top   http://here   1.2.3, test   12 client connections',
      '',
      'main  1 of 2 eligible  100 req/s  failed 5.0 %  p50 15 ms  p99 15 ms  3 in flight  p2c',
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
    const plain = drawTop(frame, { rows: 9, width: 200, color: false }).lines;
    const colored = drawTop(frame, { rows: 9, width: 200, color: true }).lines;
    expect(colored).not.toEqual(plain);
    expect(colored.map(stripVTControlCharacters)).toEqual(plain);
    expect(plain).toHaveLength(9);
  });

  test.each([
    { width: 80, has: ['req/s', 'p99', 'failed', 'in flight'], lacks: ['weight', 'p50', 'requests', '█'] },
    { width: 60, has: ['req/s', 'failed', '75 %'], lacks: ['p99', 'in flight'] },
    { width: 130, has: ['weight', 'p50', 'requests', '█'], lacks: [] },
  ])('$width cells have what matters most, whole', ({ width, has, lacks }) => {
    const { lines } = drawTop(frame, { rows: 99, width, color: false });
    const [title, first] = lines.slice(3, 5) as [string, string];
    for (const each of has) expect(`${title}${first}`).toContain(each);
    for (const each of lacks) expect(`${title}${first}`).not.toContain(each);
    expect([title.length <= width, first.length]).toEqual([true, title.length]);
  });

  test('of tcp there are connections, and no latencies', () => {
    const listener = { protocol: 'tcp', routes: [{ pools: [{ pool: 'main' }] }] };
    const tcp = { ...now, listeners: [listener] } as unknown as OverviewWire;
    const { lines } = drawTop({ ...frame, overview: tcp }, { rows: 99, width: 200, color: false });
    expect(lines[2]).toBe('main  1 of 2 eligible  3 open  100 ended/s  tcp  p2c');
    expect(lines[3]).toMatch(/weight +ended\/s +failed +open +ended$/);
  });

  test('more than fits is scrolled, in the order that is asked for; the newest events stay', () => {
    const many = createRateMeter();
    const endpoints = Array.from({ length: 40 }, (_, i) => endpoint(`e${i}`, 0, 0));
    many.add(overview(1, endpoints));
    const later = endpoints.map((each, i) => endpoint(each.id, i, 0, i === 7 ? { eligible: false } : {}));
    many.add(overview(2, later));
    const busy = { ...frame, overview: overview(2, later), rates: many };
    const screen = { rows: 20, width: 100, color: false };
    const draw = (order: (typeof ORDERS)[number], scroll: number) => drawTop(busy, screen, { order, scroll });
    const top = draw('as configured', 0);
    expect([top.lines.length, top.lines.at(-1)]).toEqual([
      20,
      'q quit   s order: as configured   j k scroll (1–14 of 43)',
    ]);
    expect(top.lines.slice(-4, -1)).toEqual(['events', '  12:00:00 ▲ b is down', '  11:00:00   a is up']);
    expect(top.lines[4]).toContain(' e0 ');
    const end = draw('as configured', Number.POSITIVE_INFINITY);
    expect([end.scroll, end.lines.at(-6)]).toEqual([29, expect.stringContaining(' e39 ')]);
    expect(draw('trouble', 0).lines.slice(4, 6)).toEqual([
      expect.stringContaining(' e7 '),
      expect.stringContaining(' e0 '),
    ]);
    expect(draw('req/s', 0).lines[4]).toContain(' e39 ');
  });

  test('a program that was started anew counts from the beginning', () => {
    rates.add(overview(3, [endpoint('a', 4, 0)], 60_000));
    expect(rates.pool('main').perSecond).toBe(0);
  });
});

test('keys', () => {
  expect(keysIn('j\x1b[A\x1b[6~xq')).toEqual(['down', 'up', 'page-down', 'quit']);
  // Escape alone, and what a mouse or an unknown key sends, are no keys of ours: no letter in them counts.
  expect(keysIn('\x1b[1;5q\x1b')).toEqual([]);
  const start = { order: ORDERS[0], scroll: 0 };
  expect(afterKey(afterKey(start, 'page-down', 12), 'up', 12).scroll).toBe(11);
  expect(afterKey(start, 'up', 12).scroll).toBe(0);
  expect(ORDERS.reduce((wishes) => afterKey(wishes, 'sort', 1), afterKey(start, 'sort', 1)).order).toBe(ORDERS[1]);
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
  test.skipIf(!hasScript).each([
    { color: 'colours', env: { NO_COLOR: '' }, hasColors: true },
    { color: 'none with NO_COLOR', env: { NO_COLOR: '1' }, hasColors: false },
  ])('$color; q ends it, and the terminal is as it was (skipped: no script(1) here)', async ({ env, hasColors }) => {
    const main = join(import.meta.dirname, '../main.ts');
    const command = `${process.execPath} ${main} top --admin ${url} --token secret`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ...env },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const isFirst = !output.includes('unchecked');
      output += text;
      if (isFirst && output.includes('unchecked')) child.stdin.write('q');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(0);
    expect(output.indexOf('\x1b[?1049h')).toBeGreaterThanOrEqual(0);
    expect(output.includes('\x1b[32m')).toBe(hasColors);
    expect(output.trimEnd().endsWith('\x1b[?1049l')).toBe(true);
  });
});
