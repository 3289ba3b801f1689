import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missingPrograms } from './peers.ts';
import { temporaryDirectory } from './processes.ts';
import { runWrk, type WrkLoad, wrkScript } from './wrk.ts';

const installed = missingPrograms(['wrk']).length === 0;
const directory = temporaryDirectory();
const seen = { bodies: 0, forwarded: new Set<string>() };
let server: ReturnType<typeof Bun.serve>;

beforeAll(() => {
  server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      seen.forwarded.add(request.headers.get('x-forwarded-for') ?? '');
      seen.bodies += (await request.arrayBuffer()).byteLength;
      return new Response('ok', { status: request.url.endsWith('/fails') ? 503 : 200 });
    },
  });
});
afterAll(() => {
  server.stop(true);
  rmSync(directory, { recursive: true });
});

function run(load: WrkLoad) {
  return runWrk(load, { port: server.port!, seconds: 1, core: undefined }, directory);
}

test.skipIf(!installed)('counts the answers, sends the bodies and the clients', async () => {
  const { requests, p50Us, p99Us } = await run({ path: '/ok', connections: 2, bodyBytes: 1024, clients: 300 });
  expect(requests).toBeGreaterThan(300);
  expect(p99Us).toBeGreaterThanOrEqual(p50Us);
  expect(seen.bodies).toBeGreaterThanOrEqual(requests * 1024);
  expect(seen.forwarded.size).toBe(300);
  expect(seen.forwarded.has('10.0.1.44')).toBe(true);
});

test.skipIf(!installed)('an answer that is not 2xx is an error', async () => {
  await expect(run({ path: '/fails', connections: 1 })).rejects.toThrow(/statusErrors":[1-9]/);
});

test('a connection for each request is asked for by its field', () => {
  expect(wrkScript({ path: '/', connections: 1, close: true })).toContain('wrk.headers["Connection"] = "close"');
  expect(wrkScript({ path: '/', connections: 1 })).toContain('wrk.headers["Connection"] = "keep-alive"');
});
