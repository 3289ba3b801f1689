import { beforeAll, expect } from 'vitest';
import { type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { type Balancer, startBalancer } from './harness/balancer.ts';
import { get, rawClient, request } from './harness/client.ts';
import { createMutator } from './harness/mutator.ts';
import { freePort, sleep } from './harness/sockets.ts';
import { cleanUp, eachTransport } from './harness/suite.ts';
import { responseGroups } from './scenarios/malformed-responses.ts';
import { requestGroups } from './scenarios/smuggling-requests.ts';

/** For each transport; half of it on requests, half on answers. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 5);
/** Printed, so that a failure can be had again. */
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const AT_ONCE = 16;
const RSS_LIMIT = 400 << 20;

/** Health has an endpoint of its own: what a bad one sends after its answer may pass for the next one's. */
const ROUTES = [{ match: { path: '/health' }, pool: 'good' }, { pool: 'main' }];

const requests = Object.values(requestGroups)
  .flat()
  .map((each) => each.send)
  .filter(isShort);
const answers = Object.values(responseGroups)
  .flat()
  .map((each) => each.answer)
  .filter(isShort);

eachTransport('fuzz', (transport, scenario) => {
  const keep = cleanUp();
  let backend: RecordingBackend;
  let balancer: Balancer;
  let port: number;

  beforeAll(async () => {
    backend = await recordingBackend();
    const good = await recordingBackend();
    keep(backend);
    keep(good);
    port = await freePort();
    const timeouts = { head: '500ms', body: '500ms', keepAlive: '500ms' };
    const web = { bind: `127.0.0.1:${port}`, protocol: 'http', timeouts, routes: ROUTES };
    const main = { endpoints: [backend.address], timeouts: { response: '200ms', idle: '200ms', tunnel: '200ms' } };
    const pools = { main, good: { endpoints: [good.address] } };
    balancer = await startBalancer({ version: 1, workers: 1, listeners: { web }, pools }, transport, [port]);
    keep(balancer);
  }, 120_000);

  const budgetMs = (SECONDS * 1000) / 2;

  scenario(
    'mutated requests',
    async () => {
      const mutate = createMutator(requests, SEED);
      await forAWhile(budgetMs, async () => {
        const bytes = mutate();
        const client = await rawClient(port, { plain: true });
        await client.send(...bytes);
        await Promise.race([client.waitClosed(100), sleep(5)]);
        client.close();
        expect(backend.violations, blame(bytes)).toEqual([]);
        // A HEAD or an upgrade among the mutants makes the answers unreadable from here; the first line never.
        expect(client.bytes().toString('latin1', 0, 9) || 'HTTP/1.1 ', blame(bytes)).toMatch(/^HTTP\/1\.[01] $/);
      });
      await expectSane();
    },
    SECONDS * 1000 + 120_000,
  );

  scenario(
    'mutated answers',
    async () => {
      const mutate = createMutator(answers, SEED);
      backend.onRequest = async (exchange) => {
        for (const piece of mutate()) await exchange.write(piece);
        if (Math.random() < 0.5) exchange[Math.random() < 0.5 ? 'end' : 'reset']();
      };
      await forAWhile(budgetMs, async () => {
        const client = await rawClient(port);
        await client.send(get('/mutated'));
        await client.response(0, 1000).catch(() => {});
        expect(client.violation, 'the answer is HTTP').toBeUndefined();
        expect(client.responses.length, 'one answer').toBeLessThanOrEqual(1);
        client.close();
      });
      await expectSane();
    },
    SECONDS * 1000 + 120_000,
  );

  /** Runs `round` again and again, some at a time, and asks for a good answer after each. */
  async function forAWhile(ms: number, round: () => Promise<void>): Promise<void> {
    const end = performance.now() + ms;
    let rounds = 0;
    const worker = async (): Promise<void> => {
      while (performance.now() < end) {
        await round();
        expect((await request(port, get('/health'))).body.toString(), 'health').toBe('target=/health');
        rounds++;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    console.log(`fuzz: ${rounds} rounds, seed ${SEED}, transport=${transport}`);
  }

  async function expectSane(): Promise<void> {
    expect(balancer.alive(), balancer.output().slice(-500)).toBe(true);
    expect(backend.violations).toEqual([]);
    expect(balancer.residentBytes()).toBeLessThan(RSS_LIMIT);
  }
});

function isShort(bytes: string): boolean {
  return bytes.length < 2000;
}

function blame(bytes: readonly string[]): string {
  return `seed ${SEED}: ${JSON.stringify(bytes).slice(0, 2000)}`;
}
