import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { get } from './harness/client.ts';
import { sleep, until } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { askInTurn, ENDLESS_COST, endlessLoop, startWorkers, type WorkersWorld } from './scenarios/workers-world.ts';

const TIMEOUT_MS = 120_000;
const MANY = 16;
/** For how long a worker's loop may stand still, as documented. */
const STUCK_MS = 10_000;

const start = (keep: ReturnType<typeof cleanUp>): Promise<WorkersWorld> =>
  startWorkers({ workers: 2, pool: { policy: { module: endlessLoop(keep) }, cost: 'header:x-cost' } }, keep);

const told = ({ balancer }: WorkersWorld, what: RegExp) => balancer.output().match(what);

describe.skipIf(!transports.includes('bun'))('a worker that is stuck', () => {
  const keep = cleanUp();

  test(
    'in an endless loop of a user’s policy is replaced, while the other goes on',
    async () => {
      const world = await start(keep);
      const clients = await world.clients(MANY);
      await askInTurn(clients, MANY);
      const before = performance.now();
      const [victim, ...others] = clients;
      await victim!.send(get('/', `x-cost: ${ENDLESS_COST}`));
      for (const client of others) await client.send(get('/'));
      await until('it is told', () => told(world, /worker \d is stuck: .*/) !== null, STUCK_MS + 5000);
      const stuckForMs = performance.now() - before;
      expect(stuckForMs).toBeGreaterThan(STUCK_MS - 200);
      expect(stuckForMs).toBeLessThan(STUCK_MS + 2000);
      const served = others.filter((each) => each.responses.length === 2);

      await until('it is replaced', () => told(world, /worker \d was replaced/) !== null);
      const [, worker, connections] = told(world, /worker (\d) died: it was stuck; (\d+) connections?/)!;
      expect(told(world, /worker (\d) is stuck: its loop has not turned for 10s/)?.[1]).toBe(worker);
      // Whoever was not served by the other one waited for this one.
      await Promise.all(clients.filter((each) => !served.includes(each)).map((each) => each.waitClosed()));
      expect(Number(connections)).toBe(MANY - served.length);
      expect(served.filter((each) => each.ended() !== 'open')).toEqual([]);
      expect(served.length, 'the kernel gave the other one some').toBeGreaterThan(0);
      expect(await askInTurn([...served, ...(await world.clients(MANY))], 2 * MANY)).toEqual(
        Array(2 * MANY).fill('e0'),
      );
      expect(await world.admin.sum('equipoise_in_flight')).toBe(0);
      expect(await world.admin.sum('equipoise_connections_open')).toBe(served.length + MANY);
      for (const what of ['died', 'stuck'])
        expect(await world.admin.sum('equipoise_worker_failures_total', `what="${what}"`)).toBe(1);
    },
    TIMEOUT_MS,
  );

  test(
    'is not one that takes longer to start',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
      keep({ close: () => rmSync(folder, { recursive: true, force: true }) });
      const [module, heavy] = [join(folder, 'policy.mjs'), join(folder, 'heavy')] as const;
      // Ends its worker when there is a heavy file, which its successor takes long to load.
      writeFileSync(
        module,
        `import { existsSync } from 'node:fs';
const isHeavy = () => existsSync(${JSON.stringify(heavy)});
const end = performance.now() + ${STUCK_MS + 1500};
while (isHeavy() && performance.now() < end);
const isLoaded = isHeavy();
export function first(_request, candidates) {
  if (isHeavy() && !isLoaded) process.exit(7);
  return candidates[0];
}
`,
      );
      const world = await startWorkers({ workers: 2, pool: { policy: { module: `${module}#first` } } }, keep);
      writeFileSync(heavy, '');
      const [client] = await world.clients(1);
      await client!.send(get('/'));
      await client!.waitClosed();
      await until('it is replaced', () => told(world, /worker \d was replaced/) !== null);
      // It has been looked at since.
      await sleep(500);
      expect(told(world, /stuck/)).toBeNull();
    },
    TIMEOUT_MS,
  );

  test(
    'is not one whose process was stopped for longer',
    async () => {
      const world = await start(keep);
      const clients = await world.clients(MANY);
      await askInTurn(clients, MANY);
      const { pid } = world.balancer;
      const server = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
      process.kill(server, 'SIGSTOP');
      await sleep(STUCK_MS + 1000);
      process.kill(server, 'SIGCONT');
      expect(await askInTurn(clients, MANY)).toEqual(Array(MANY).fill('e0'));
      // Each has been looked at since.
      await sleep(500);
      expect(told(world, /stuck|died/)).toBeNull();
    },
    TIMEOUT_MS,
  );
});
