import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigFile, toConfig } from '../config/config.ts';
import { fakeClock } from '../core/testing/fake-clock.ts';
import { protocols } from '../proxy/protocols/registry.ts';
import { type RunningServer, startServer } from './server.ts';
import { testDeps } from './testing/start.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

interface Backend {
  readonly port: number;
  /** What it answers with from now on; 0: nothing. */
  status: number;
  /** Resolves when the next request has come. */
  asked(): Promise<unknown>;
}

async function backend(): Promise<Backend> {
  const server = createServer((_request, response) => {
    if (served.status !== 0) response.writeHead(served.status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const served = { port, status: 200, asked: () => once(server, 'request') };
  open.push({
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
  return served;
}

/** A server of two backends, `a` and `b`, whose guards' time a test moves by hand. */
async function setUp(guards: object) {
  const [a, b] = [await backend(), await backend()];
  const clock = fakeClock();
  const endpoints = [
    { id: 'a', address: a.port },
    { id: 'b', address: b.port },
  ];
  const config = toConfig(
    ConfigFile.parse({
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http', routes: [{ pool: 'main' }] } },
      pools: { main: { policy: 'round-robin', servedBy: true, endpoints, ...guards } },
    }),
  );
  const server = await startServer(config, { ...testDeps(), protocols, clock });
  open.push(server);
  const { port } = server.listeners[0]!.address as { port: number };
  /** Who answered each of `count` requests: `a200`. */
  async function ask(count: number): Promise<string[]> {
    const answers: string[] = [];
    for (let i = 0; i < count; i++) {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      await response.arrayBuffer();
      answers.push(`${response.headers.get('x-served-by')}${response.status}`);
    }
    return answers;
  }
  return { a, b, clock, server, ask, url: `http://127.0.0.1:${port}/` };
}

const told = (server: RunningServer) =>
  server.events.recent().flatMap((event) => (event.kind === 'guard' ? [`${event.endpoint} ${event.to}`] : []));
const stateOf = (server: RunningServer, id: string) => server.pools()[0]!.endpoints.find((each) => each.id === id);

describe('a server with guards', () => {
  test('leaves an endpoint alone that answers with 500, and takes it back when it is well', async () => {
    const { a, clock, server, ask } = await setUp({ circuitBreaker: { failures: 3, openFor: '10s' } });
    a.status = 500;
    expect((await ask(6)).filter((each) => each === 'a500')).toHaveLength(3);
    expect(await ask(4)).toEqual(['b200', 'b200', 'b200', 'b200']);
    expect(stateOf(server, 'a')).toMatchObject({ breaker: 'open', eligible: false });
    clock.advance(10_000);
    expect((await ask(4)).filter((each) => each === 'a500')).toHaveLength(1);
    a.status = 200;
    clock.advance(10_000);
    expect(await ask(4)).toContain('a200');
    expect(await ask(2)).toContain('a200');
    expect(told(server)).toEqual(['a open', 'a half-open', 'a open', 'a half-open', 'a closed']);
  });

  test('learns nothing from a client that goes away', async () => {
    const { a, clock, server, ask, url } = await setUp({ circuitBreaker: { failures: 1, openFor: '10s' } });
    a.status = 500;
    await ask(2);
    clock.advance(10_000);
    a.status = 0;
    const asked = a.asked().then(() => true);
    const left = new AbortController();
    const answers: Promise<unknown>[] = [];
    // One of two in a row is its turn: the probe of a half-open breaker.
    for (let isProbe = false; !isProbe; ) {
      const answer = fetch(url, { signal: left.signal }).then(() => false);
      answers.push(answer.catch(() => 'gone'));
      isProbe = await Promise.race([asked, answer]);
    }
    left.abort();
    expect(await answers.at(-1)).toBe('gone');
    a.status = 500;
    // The server hears of it a moment later: until then the probe's place is taken.
    while (told(server).length < 3) await ask(2);
    expect(told(server)).toEqual(['a open', 'a half-open', 'a open']);
  });

  test('ejects it for a while', async () => {
    const { a, clock, server, ask } = await setUp({ outliers: { consecutiveFailures: 3, baseEjection: '30s' } });
    a.status = 503;
    await ask(6);
    expect(await ask(4)).toEqual(['b200', 'b200', 'b200', 'b200']);
    a.status = 200;
    clock.advance(30_000);
    expect(await ask(4)).toContain('a200');
    expect(told(server)).toEqual(['a ejected', 'a returned']);
  });

  test('asks a user’s own function, and says when it fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'equipoise-policy-'));
    open.push({ close: () => rmSync(folder, { recursive: true }) });
    const module = join(folder, 'policy.mjs');
    writeFileSync(
      module,
      "let asked = 0; export function last(_request, candidates) { if (++asked > 3) throw new Error('tired'); return candidates.at(-1); }",
    );
    const { server, ask } = await setUp({ policy: { module: `${module}#last` } });
    expect(await ask(3)).toEqual(['b200', 'b200', 'b200']);
    expect(new Set(await ask(4))).toEqual(new Set(['a200', 'b200']));
    expect(server.events.recent().filter((event) => event.kind === 'policy')).toEqual([
      { at: 0, kind: 'policy', pool: 'main', reason: 'the function threw Error: tired' },
    ]);
    expect(server.pools()[0]!.policy).toBe(`${module}#last`);
  });

  test('tries all the same when every endpoint fails', async () => {
    const { a, b, ask } = await setUp({ circuitBreaker: { failures: 2 } });
    a.status = 500;
    b.status = 500;
    expect(new Set(await ask(12))).toEqual(new Set(['a500', 'b500']));
    a.status = 200;
    expect(await ask(3)).toContain('a200');
    expect(await ask(3)).toEqual(['a200', 'a200', 'a200']);
  });
});
