import { beforeAll, expect } from 'vitest';
import { answerOk, type Exchange, type RecordingBackend, recordingBackend } from './harness/backend.ts';
import { startBalancer } from './harness/balancer.ts';
import { get, ok, type RawClient, rawClient } from './harness/client.ts';
import { value } from './harness/message-reader.ts';
import { freePort, sleep, until } from './harness/sockets.ts';
import { cleanUp, eachTransport } from './harness/suite.ts';
import { type ResponseCase, responseGroups } from './scenarios/malformed-responses.ts';

/** Longer than a write takes to pass the balancer, so that the next piece comes alone. */
const BETWEEN_MS = 5;

eachTransport('malformed-responses', (transport, scenario) => {
  const keep = cleanUp();
  let backend: RecordingBackend;
  let port: number;

  beforeAll(async () => {
    backend = await recordingBackend();
    keep(backend);
    port = await freePort();
    const web = { bind: `127.0.0.1:${port}`, protocol: 'http', routes: [{ pool: 'main' }] };
    const main = { endpoints: [backend.address], timeouts: { connect: '1s', response: '300ms', idle: '300ms' } };
    keep(await startBalancer({ version: 1, workers: 1, listeners: { web }, pools: { main } }, transport, [port]));
  }, 120_000);

  for (const [group, cases] of Object.entries(responseGroups)) {
    for (const each of cases) {
      scenario(`${group}: ${each.name}`, async () => {
        const connections = await attack(port, backend, each);
        // What came unasked may have more behind it: that connection is not used again.
        if (group === 'excess') expect(connections.slice(1), 'connections used later').not.toContain(connections[0]);
      });
    }
  }

  for (const line of ['Connection: close', 'Connection: keep-alive']) {
    scenario(`early answer, ${line}: the rest of the request is not the next request`, async () => {
      backend.reset();
      backend.onHead = (exchange) => {
        if (exchange.request.start[1] === '/case') void exchange.write(ok('early', line));
      };
      backend.onRequest = (exchange) => exchange.request.start[1] !== '/case' && answerOk(exchange);
      const client = await rawClient(port);
      const hidden = get('/hidden');
      await client.send('POST /case HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\n', hidden);
      expect((await client.response()).body.toString()).toBe('early');
      await expectFreshIsRight(port);
      await expectNextIsRight(port, backend, client, 'x'.repeat(100_000 - hidden.length));
      expect(backend.heads.map((each) => each.start[1])).not.toContain('/hidden');
    });
  }

  scenario('early answer: 413 and a reset reach the client or end its connection', async () => {
    backend.reset();
    backend.onHead = async (exchange) => {
      await exchange.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
      exchange.end();
    };
    const client = await rawClient(port);
    await client.send('POST /case HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000\r\n\r\nabc');
    expect((await client.response()).start[1]).toBe('413');
    client.close();
    backend.onHead = () => {};
    await expectFreshIsRight(port);
  });
});

/** Returns the backend's connections in the order of the requests on them, the misbehaviour's first. */
async function attack(port: number, backend: RecordingBackend, each: ResponseCase): Promise<number[]> {
  backend.reset();
  const connections: number[] = [];
  backend.onRequest = (exchange) => {
    connections.push(exchange.connection);
    if (exchange.request.start[1] === '/case') void misbehave(exchange, each);
    else answerOk(exchange);
  };
  const client = await rawClient(port, { methods: [each.method ?? 'GET'] });
  await client.send(requestOf(each));
  await client.response().catch(() => {});
  expect(client.violation, 'the answer is HTTP').toBeUndefined();
  expectWanted(client, each);
  expect(backend.heads.length, 'not sent twice').toBeLessThanOrEqual(each.method === 'POST' ? 1 : 2);
  await expectNextIsRight(port, backend, client);
  return connections;
}

function requestOf({ method = 'GET', version = '1.1' }: ResponseCase): string {
  const content = method === 'POST' ? 'Content-Length: 5\r\n\r\nhello' : '\r\n';
  return `${method} /case HTTP/${version}\r\nHost: a.example\r\n${content}`;
}

async function misbehave(exchange: Exchange, { answer, more = [], then }: ResponseCase): Promise<void> {
  if (answer) await exchange.write(answer);
  for (const piece of more) {
    await sleep(BETWEEN_MS);
    await exchange.write(piece);
  }
  if (then === 'keep') return;
  if (answer) await sleep(BETWEEN_MS);
  exchange[then]();
}

function expectWanted(client: RawClient, { want }: ResponseCase): void {
  const [response] = client.responses;
  const cut = response === undefined && client.ended() !== 'open';
  const gateway = response !== undefined && ['502', '504'].includes(response.start[1]);
  if (want === 'gateway') {
    expect(response?.start[1], 'a gateway error').toMatch(/^50[24]$/);
    expect(value(response!.fields, 'content-type')).toBe('application/problem+json');
  }
  if (want === 'cut') expect({ cut, status: response?.start[1] }, 'cut').toEqual({ cut: true, status: undefined });
  if (want === 'failed') expect(cut || gateway, `failed, not ${response?.start[1]}`).toBe(true);
  if (want.startsWith('body:')) expect(response?.body.toString('latin1')).toBe(want.slice(5));
}

/** The next request, on the same connection where that lives, gets its own answer and nothing else. */
async function expectNextIsRight(
  port: number,
  backend: RecordingBackend,
  client: RawClient,
  before = '',
): Promise<void> {
  await sleep(BETWEEN_MS * 3);
  const answers = client.responses.length;
  if (client.ended() === 'open' && !client.partial) {
    await client.send(before + get('/next'));
    const over = (): boolean => client.responses.length > answers || client.ended() !== 'open';
    await until('the next answer or the end', over);
    // The balancer may close between two requests; it may not answer with something else.
    const next = client.responses[answers];
    if (next) expect(next.body.toString(), 'the next answer').toBe('target=/next');
  }
  expect(client.responses.length, 'no further answer').toBeLessThanOrEqual(answers + 1);
  client.close();
  await expectFreshIsRight(port);
  expect(backend.violations, 'the backend accepts every byte').toEqual([]);
}

/** Several, so that connections the misbehaviour left in the idle pool would be met. */
async function expectFreshIsRight(port: number): Promise<void> {
  const client = await rawClient(port);
  for (let index = 0; index < 3; index++) {
    await client.send(get(`/fresh-${index}`));
    expect((await client.response(index)).body.toString(), 'a fresh answer').toBe(`target=/fresh-${index}`);
  }
  client.close();
}
