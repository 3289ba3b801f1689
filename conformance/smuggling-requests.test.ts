import { beforeAll, expect } from 'vitest';
import { type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { startBalancer } from './harness/balancer.ts';
import { get, type RawClient, rawClient, request } from './harness/client.ts';
import { freePort } from './harness/sockets.ts';
import { cleanUp, eachTransport } from './harness/suite.ts';
import type { RequestCase } from './scenarios/smuggling-case.ts';
import { requestGroups } from './scenarios/smuggling-requests.ts';

const SETTLE = '/settle';

eachTransport('smuggling-requests', (transport, scenario) => {
  const keep = cleanUp();
  let backend: RecordingBackend;
  let port: number;

  beforeAll(async () => {
    backend = await recordingBackend();
    keep(backend);
    port = await freePort();
    const web = { bind: `127.0.0.1:${port}`, protocol: 'http', routes: [{ pool: 'main' }] };
    const config = { version: 1, workers: 1, listeners: { web }, pools: { main: { endpoints: [backend.address] } } };
    keep(await startBalancer(config, transport, [port]));
  }, 120_000);

  for (const [group, cases] of Object.entries(requestGroups)) {
    for (const each of cases) {
      scenario(`${group}: ${each.name}`, async () => {
        await attack(port, backend, each, [each.send]);
        await attack(port, backend, each, inPieces(each.send));
      });
    }
  }
});

/** Cut inside the request line, at the last byte of the head and in the body: where a reader loses its state. */
function inPieces(bytes: string): string[] {
  const head = bytes.indexOf('\r\n\r\n');
  const cuts = [3, head + 3, head + 6].filter((at, index, all) => at > (all[index - 1] ?? 0) && at < bytes.length);
  return [0, ...cuts].map((from, index) => bytes.slice(from, cuts[index] ?? bytes.length));
}

async function attack(port: number, backend: RecordingBackend, each: RequestCase, pieces: string[]): Promise<void> {
  backend.reset();
  const client = await rawClient(port, { methods: each.methods ?? [] });
  try {
    await client.send(...pieces);
    for (const [index, statuses] of each.answers.entries()) {
      expect(statuses).toContain(Number((await client.response(index)).start[1]));
    }
    await expectClosed(client, each);
    await settle(port);
    expect(client.responses.length, 'answers').toBe(each.answers.length);
    expect(client.violation, 'the answer is HTTP').toBeUndefined();
    expectForwarded(backend, each);
  } finally {
    client.close();
  }
}

async function expectClosed(client: RawClient, each: RequestCase): Promise<void> {
  const last = Number(client.responses.at(-1)?.start[1]);
  if (each.closed || last === 400) expect(await client.waitClosed(), 'closed by the balancer').toBe(true);
}

/** A good request after it: what should not have been forwarded has arrived by then. */
async function settle(port: number): Promise<void> {
  expect((await request(port, get(SETTLE))).body.toString()).toBe(`target=${SETTLE}`);
}

function expectForwarded(backend: RecordingBackend, each: RequestCase): void {
  expect(backend.violations, 'the backend accepts every byte').toEqual([]);
  const requests = backend.requests.filter((request) => request.start[1] !== SETTLE);
  expect(each.forwarded, 'requests forwarded').toContain(requests.length);
  const targets = backend.heads.map((head) => head.start[1]);
  expect(
    targets.filter((target) => target.includes('smuggled')),
    'smuggled',
  ).toEqual([]);
  each.check?.(requests);
}
