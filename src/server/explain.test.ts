import { once } from 'node:events';
import { createServer, request as requestHttp } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigFile, type ConfigInput, toConfig } from '../config/config.ts';
import { policies } from '../core/policies/registry.ts';
import { protocols } from '../proxy/protocols/registry.ts';
import { type Explained, type ExplainRequest, reach } from './explain.ts';
import { explainConfig } from './explain-config.ts';
import { type RunningServer, startServer } from './server.ts';
import { testDeps } from './testing/start.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

async function backend(): Promise<number> {
  const server = createServer((_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(server);
  return (server.address() as AddressInfo).port;
}

/** A server whose clock a test moves: nothing fades between an explanation and its request. */
async function start(input: ConfigInput) {
  let nowMs = 0;
  const deps = { ...testDeps(), protocols, clock: { now: () => nowMs } };
  const server = await startServer(toConfig(ConfigFile.parse({ workers: 1, ...input })), deps);
  open.push(server);
  return {
    server,
    advance(ms: number): void {
      nowMs += ms;
    },
  };
}

const addressOf = ({ listeners }: RunningServer) => listeners[0]!.address as { readonly port: number };

/** The id of the endpoint that serves it. */
function send(port: number, headers: Readonly<Record<string, string>>, path = '/'): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const sent = requestHttp({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.headers['x-served-by'] as string | undefined));
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function explained(server: RunningServer, request: ExplainRequest): Promise<Explained> {
  const answer = await server.explain(request);
  if ('problem' in answer) throw new Error(answer.problem);
  return answer;
}

describe('the endpoint that is named is the one that the next such request gets', () => {
  test.each(policies.types)('%s', async (type) => {
    const endpoints = await Promise.all(
      [0, 1, 2, 3].map(async (index) => ({ id: `e${index}`, address: await backend(), weight: 1 + (index % 2) })),
    );
    const keyed = ['maglev', 'rendezvous', 'ring-hash'].includes(type);
    const policy = (keyed ? { type, key: 'header:x-user' } : type) as 'random';
    const { server, advance } = await start({
      listeners: { web: { bind: '127.0.0.1:0', trustedProxies: ['127.0.0.1'], pool: 'main' } },
      pools: { main: { endpoints, policy, servedBy: true } },
    });
    const { port } = addressOf(server);
    for (let round = 0; round < 12; round++) {
      const headers = { 'x-user': `user-${round % 5}`, 'x-forwarded-for': `10.0.0.${round % 5}` };
      const request = { method: 'GET', url: `http://127.0.0.1:${port}/`, headers, from: '127.0.0.1' };
      // Asking about others, and twice, makes no difference.
      await explained(server, { ...request, headers: { 'x-user': 'another' } });
      const { pick, clientIp, key } = await explained(server, request);
      expect([clientIp, key]).toEqual([headers['x-forwarded-for'], keyed ? headers['x-user'] : undefined]);
      expect((await explained(server, request)).pick?.endpoint).toBe(pick?.endpoint);
      expect(await send(port, headers)).toBe(pick!.endpoint);
      advance(7);
    }
  });
});

describe('a running server explains', () => {
  const both = [{ pool: 'a', weight: 2 }, { pool: 'b' }];
  const listeners: ConfigInput['listeners'] = {
    web: {
      bind: '127.0.0.1:0',
      limits: { headBytes: 256, bodyBytes: 10 },
      routes: [
        { match: { path: '/old' }, redirect: { status: 301, to: 'https://{host}{path}{query}' } },
        { match: { path: '/hello' }, respond: { status: 200, body: 'hello' } },
        { match: { path: '/both' }, pools: both },
        { match: { path: '/cost', method: ['POST'] }, pool: 'b' },
        { match: { path: '/a' }, pool: 'a' },
      ],
    },
    raw: { bind: '127.0.0.1:0', protocol: 'tcp', pool: 'a' },
  };
  const pools: ConfigInput['pools'] = {
    a: {
      endpoints: [
        { id: 'one', address: 1 },
        { id: 'two', address: 2, mode: 'draining' },
      ],
    },
    b: { endpoints: [{ id: 'three', address: 3 }], cost: 'content-length' },
  };
  const ask = async (url: string, given: Partial<ExplainRequest> = {}) => {
    const { server } = await start({ listeners, pools });
    return server.explain({ method: 'GET', url, listener: 'web', ...given });
  };

  test.each([
    { why: 'a redirect', path: '/old?x=1', want: { route: 0, answer: { status: 301, location: 'https://h/old?x=1' } } },
    { why: 'an answer of the route', path: '/hello', want: { route: 1, answer: { status: 200 } } },
    {
      why: 'pools by weight',
      path: '/both',
      want: { route: 2, pool: 'a', pools: both.map((each) => ({ weight: 1, ...each })) },
    },
    { why: 'no route', path: '/none', want: { clientIp: '127.0.0.1' } },
    {
      why: 'what nobody may send',
      path: '/%',
      given: { headers: { 'content-length': 'x' } },
      want: { refused: { status: 400 } },
    },
    { why: 'a head too large', path: `/${'x'.repeat(300)}`, want: { refused: { status: 414 } } },
    {
      why: 'a body too large',
      path: '/cost',
      given: { method: 'POST', headers: { 'content-length': '11' } },
      want: { refused: { status: 413 } },
    },
    {
      why: 'a cost',
      path: '/cost',
      given: { method: 'POST', headers: { 'content-length': '9' } },
      want: { pool: 'b', pick: { endpoint: 'three' } },
    },
    { why: 'a Host of its own', path: '/a', given: { headers: { Host: 'other' } }, want: { pool: 'a' } },
  ])('$why', async ({ path, given = {}, want }) => {
    expect(await ask(`http://h${path}`, given)).toMatchObject(want);
  });

  test('a tcp connection', async () => {
    const { server } = await start({ listeners, pools });
    const { port } = server.listeners.find(({ name }) => name === 'raw')!.address as { port: number };
    const answer = await explained(server, { method: 'GET', url: `tcp://127.0.0.1:${port}`, from: '10.1.2.3' });
    expect(answer).toMatchObject({
      listener: 'raw',
      clientIp: '10.1.2.3',
      pool: 'a',
      routes: [],
      pick: { endpoint: 'one' },
    });
    expect(answer.pick!.endpoints[1]!.reasons).toEqual(['mode is draining']);
  });
});

describe('reach', () => {
  const listener = (name: string, port: number, protocol = 'http') =>
    ({ name, protocol, address: { kind: 'tcp', host: '127.0.0.1', port } }) as const;
  const all = [listener('web', 80), listener('alt', 8080), listener('raw', 5432, 'tcp')];

  test.each([
    { url: 'http://a.b/x?y#z', listeners: all, want: 'web' },
    { url: 'http://a.b:8080', listeners: all, want: 'alt' },
    { url: 'tcp://a.b:5432', listeners: all, want: 'raw' },
    { url: 'tcp://a.b:1', listeners: all, want: 'raw' },
    { url: 'http://a.b:1', listeners: all.slice(1), want: 'alt' },
    { url: 'http://a.b:1', listeners: all, want: 'no listener of this protocol has port 1' },
    { url: 'http://a.b:80', given: { listener: 'alt' }, listeners: all, want: 'alt' },
    { url: 'http://a.b:80', given: { listener: 'raw' }, listeners: all, want: 'no listener "raw" speaks' },
    { url: 'http://a.b/x', listeners: [listener('alt', 8080), listener('other', 8081)], want: 'alt' },
    { url: '/x', listeners: all, want: '"/x" is no URL' },
  ])('$url reaches $want', ({ url, given = {}, listeners, want }) => {
    const found = reach({ method: 'GET', url, ...given }, listeners);
    if ('problem' in found) expect(found.problem).toContain(want);
    else expect(found.listener).toBe(want);
  });

  test.each([
    { url: 'http://a.b/x/../%41?y=1#z', target: '/x/../%41?y=1' },
    { url: 'http://a.b', target: '/' },
    { url: 'http://a.b?q', target: '/?q' },
  ])('$url is asked for as it is written', ({ url, target }) => {
    expect(reach({ method: 'GET', url }, all)).toMatchObject({ described: { target, host: 'a.b', from: '127.0.0.1' } });
  });
});

test('by a configuration alone, nothing is bound or looked up', async () => {
  const config = toConfig(
    ConfigFile.parse({
      listeners: { web: { bind: '127.0.0.1:80', pool: 'main' } },
      pools: {
        main: {
          policy: 'round-robin',
          endpoints: [
            { id: 'named', address: 'no.such.name:1' },
            { id: 'spare', address: 2, backup: true },
            { id: 'full', address: 3, weight: 0 },
          ],
        },
      },
    }),
  );
  const answer = await explainConfig(config, { method: 'GET', url: 'http://x/' }, { ...testDeps(), protocols });
  expect(answer).toMatchObject({ listener: 'web', route: 0, pool: 'main', pick: { endpoint: 'named' } });
  const reasons = 'pick' in answer ? answer.pick!.endpoints.map((each) => each.reasons) : [];
  expect(reasons).toEqual([[], ['is a backup, and a primary can serve'], ['weight is 0']]);
});
