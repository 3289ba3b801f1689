import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { createPool } from './control/pool/create-pool.ts';
import type { Pool } from './control/pool/pool.ts';
import { healthChecks } from './health.ts';

/** Resolves with the next `count` changes of health: `down`. */
function changes(pool: Pool, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const seen: string[] = [];
    const stop = pool.subscribe((event) => {
      if (event.what === 'health') seen.push(event.to);
      if (seen.length < count) return;
      stop();
      resolve(seen);
    });
  });
}

test('checks by name, and a pick avoids who is down', async () => {
  let status = 200;
  const server = createServer((_request, response) => response.writeHead(status).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const pool = createPool({
    endpoints: [{ id: 'a', address: `localhost:${port}` }, '127.0.0.1:1'],
    health: healthChecks({ type: 'http', path: '/', interval: 20, timeout: '2s', rise: 1, fall: 1 }),
  });
  expect(pool.pick().none).toBeUndefined();
  expect((await changes(pool, 2)).sort()).toEqual(['down', 'up']);
  expect(pool.pick().endpoint?.id).toBe('a');
  status = 500;
  expect(await changes(pool, 1)).toEqual(['down']);
  expect(pool.pick()).toEqual({ none: 'none-eligible' });
  pool.close();
  server.close();
  server.closeAllConnections();
});

test('a mistake is named', () => {
  expect(() => healthChecks({ type: 'http', pth: '/' } as never)).toThrow(/^health: .*pth/s);
});
