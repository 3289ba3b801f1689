import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createScheduler } from '../control/membership/scheduler.ts';
import type { ServerEvent } from './events.ts';
import type { RunningServer } from './server.ts';
import { startServer } from './server.ts';
import { keepState, readState, type StateKeeper } from './state-file.ts';
import { linesConfig, testDeps } from './testing/start.ts';

let folder: string;
let path: string;
const open: { close(): unknown }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'equipoise-state-'));
  path = join(folder, 'state.json');
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly server: RunningServer;
  readonly keeper: StateKeeper;
  readonly heard: ServerEvent[];
}

const endpoint = {
  id: 'b',
  address: { kind: 'tcp', host: '127.0.0.1', port: 2 },
  weight: 2,
  backup: false,
  mode: 'ready',
} as const;

async function start(endpoints: unknown[] = ['127.0.0.1:1'], delayMs = 5): Promise<Run> {
  const listeners = { web: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'main' } };
  const config = linesConfig({ listeners, pools: { main: { endpoints } } } as never);
  const deps = testDeps();
  const heard: ServerEvent[] = [];
  deps.events.subscribe((event) => heard.push(event));
  const read = await readState(path);
  const server = await startServer(config, deps, read.kind === 'state' ? read.state : undefined);
  const kept = { isForeign: read.kind === 'foreign', ...(read.kind === 'state' && { written: read.text }) };
  const keeper = keepState(server, { path, scheduler: createScheduler(), wallClock: () => 0, delayMs, ...kept });
  open.push(keeper, server);
  return { server, keeper, heard };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

const stateOf = ({ server }: Run) => server.pools()[0]!.endpoints.map(({ id, mode, weight }) => [id, mode, weight]);

describe('stateFile', () => {
  test('a change is written a moment later, for the owner alone, and in force after a restart', async () => {
    const first = await start();
    await first.server.setMode('main', '127.0.0.1:1', 'draining');
    await first.server.addEndpoint('main', endpoint);
    await until(() => existsSync(path));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const second = await start();
    expect(stateOf(second)).toEqual([
      ['127.0.0.1:1', 'draining', 1],
      ['b', 'ready', 2],
    ]);
    expect(second.heard[0]).toMatchObject({ kind: 'membership' });
    expect(second.heard.find((event) => event.kind === 'state-restored')).toMatchObject({ settings: 2, dropped: [] });
    // Before anything is served.
    const kinds = second.heard.map((event) => event.kind);
    expect(kinds.indexOf('state-restored')).toBeLessThan(kinds.indexOf('listening'));
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  test('what fits no more is said once', async () => {
    const first = await start();
    await first.server.setWeight('main', '127.0.0.1:1', 5);
    await first.keeper.close();
    const restored = ({ heard }: Run) => heard.filter((event) => event.kind === 'state-restored');
    const second = await start(['127.0.0.1:2']);
    expect(restored(second)).toMatchObject([{ settings: 0, dropped: ['pool main: 127.0.0.1:1 weight 5'] }]);
    await second.keeper.close();
    expect(restored(await start(['127.0.0.1:2']))).toMatchObject([{ settings: 0, dropped: [] }]);
  });

  test('what is taken back is not in it any more', async () => {
    const run = await start();
    await run.server.setWeight('main', '127.0.0.1:1', 5);
    await until(() => existsSync(path) && readFileSync(path, 'utf8').includes('"value": 5'));
    await run.server.setWeight('main', '127.0.0.1:1', 1);
    await until(() => JSON.parse(readFileSync(path, 'utf8')).pools.length === 0);
  });

  test('the end does not wait for the moment', async () => {
    const { server, keeper } = await start(undefined, 60_000);
    await server.setWeight('main', '127.0.0.1:1', 5);
    await server.close();
    await keeper.close();
    expect(readFileSync(path, 'utf8')).toContain('"value": 5');
  });

  test('without a change nothing is written', async () => {
    const { keeper } = await start();
    await keeper.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each([
    ['garbage', '\x00\xff{'],
    ['half of one', '{"equipoise":"state","version":1,"po'],
    ['of another program', '{"users":[]}'],
    ['empty', ''],
    ['nested deeply', '['.repeat(100_000)],
  ])('a file that is %s is put aside, not lost', async (_why, text) => {
    writeFileSync(path, text);
    expect(await readState(path)).toMatchObject({ kind: 'foreign', problem: expect.stringContaining(path) });
    const run = await start();
    expect(readFileSync(path, 'utf8')).toBe(text);
    await run.server.setMode('main', '127.0.0.1:1', 'draining');
    await until(() => existsSync(`${path}.unreadable`) && existsSync(path));
    expect(readFileSync(`${path}.unreadable`, 'utf8')).toBe(text);
    expect((await readState(path)).kind).toBe('state');
  });

  test('what cannot be read is not written either', async () => {
    mkdirSync(path);
    expect(await readState(path)).toMatchObject({ kind: 'unreadable' });
  });

  test('what cannot be written is said, leaves nothing behind, and is tried again', async () => {
    path = join(folder, 'missing', 'state.json');
    const { server, heard } = await start();
    await server.setWeight('main', '127.0.0.1:1', 5);
    await until(() => heard.some((event) => event.kind === 'state-failed'));
    expect(heard.findLast((event) => event.kind === 'state-failed')).toMatchObject({
      reason: expect.stringContaining('cannot be written'),
    });
    mkdirSync(join(folder, 'missing'));
    chmodSync(join(folder, 'missing'), 0o700);
    await server.setWeight('main', '127.0.0.1:1', 6);
    await until(() => existsSync(path));
    expect(readdirSync(join(folder, 'missing'))).toEqual(['state.json']);
  });
});
