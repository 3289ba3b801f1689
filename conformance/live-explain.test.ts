import { describe, expect, test } from 'vitest';
import { answer, recordingBackend } from './harness/backend.ts';
import { startBalancer } from './harness/balancer.ts';
import { get, rawClient, request } from './harness/client.ts';
import { type Message, value, values } from './harness/message-reader.ts';
import { freePort, until } from './harness/sockets.ts';
import { cleanUp, eachTransport, transports } from './harness/suite.ts';
import { startWorkers } from './scenarios/workers-world.ts';

const NAME = 'x-equipoise-explain';

interface Explained {
  readonly listener: string;
  readonly worker?: number;
  readonly route?: number;
  readonly pool?: string;
  readonly key?: string;
  readonly routes: readonly { readonly name: string; readonly matches: boolean }[];
  readonly answer?: { readonly status: number; readonly location?: string };
  readonly pick?: {
    readonly endpoint?: string;
    readonly none?: string;
    readonly endpoints: readonly { readonly id: string; readonly reasons: readonly string[] }[];
  };
  readonly tries: readonly { readonly endpoint: string; readonly status?: number; readonly failure?: string }[];
}

function explanationOf({ fields }: Message): Explained | undefined {
  const text = value(fields, NAME);
  return text === undefined ? undefined : (JSON.parse(text) as Explained);
}

const local = (target: string, ...lines: string[]): string =>
  get(target, ...lines).replace(/Host: [^\r]*/, 'Host: localhost');

eachTransport('live explain', (transport, scenario) => {
  const keep = cleanUp();

  async function world(admin: object | undefined, pool: object = {}, listener: object = {}) {
    const endpoints = await Promise.all([0, 1, 2].map(() => recordingBackend()));
    for (const each of endpoints) keep(each);
    const [port, adminPort] = [await freePort(), await freePort()];
    const routes = [
      { match: { path: '/old/*' }, redirect: { to: '/new' } },
      { match: { path: '/api/*' }, pool: 'main' },
    ];
    const config = {
      ...{ version: 1, workers: 1, ...(admin && { admin: { bind: `127.0.0.1:${adminPort}`, ...admin } }) },
      listeners: { web: { bind: `127.0.0.1:${port}`, routes, ...listener } },
      pools: {
        main: { endpoints: endpoints.map(({ address }, at) => ({ id: `e${at}`, address })), servedBy: true, ...pool },
      },
    };
    keep(await startBalancer(config, transport, admin ? [port, adminPort] : [port]));
    return { port, endpoints };
  }

  scenario('the endpoint that is named is the one that served, request after request', async () => {
    for (const policy of ['adaptive', 'random', 'p2c', 'round-robin', { type: 'ring-hash', key: 'header:x-user' }]) {
      const { port, endpoints } = await world({ token: 'abc', readToken: 'reader' }, { policy });
      const client = await rawClient(port);
      for (let i = 0; i < 12; i++) {
        await client.send(get('/api/x', `${NAME}: ${i % 2 ? 'abc' : 'reader'}`, `x-user: ${i}`));
        const response = await client.response(i);
        const explained = explanationOf(response)!;
        expect(explained.pick?.endpoint).toBe(value(response.fields, 'x-served-by'));
        expect(explained).toMatchObject({ listener: 'web', route: 1, pool: 'main', tries: [{ status: 200 }] });
        expect(explained.pick!.endpoints.map(({ id }) => id)).toEqual(['e0', 'e1', 'e2']);
      }
      client.close();
      const got = endpoints.flatMap(({ requests }) => requests);
      expect(got.length).toBe(12);
      expect(got.flatMap(({ fields }) => values(fields, NAME))).toEqual([]);
    }
  });

  scenario('whoever may not know gets what everybody gets, and the header goes no further', async () => {
    const { port, endpoints } = await world({ token: 'abc' });
    const plain = await request(port, get('/api/x'));
    const names = ({ fields }: Message) => fields.map(([name]) => name);
    const token = `${NAME}: abc`;
    for (const lines of [
      [`${NAME}: 1`],
      [`${NAME}: ab`],
      [`${NAME}:`],
      [`X-Equipoise-Explain: Bearer abc`],
      [token, token],
    ]) {
      const response = await request(port, local('/api/x', ...lines));
      expect([response.start[1], names(response)]).toEqual(['200', names(plain)]);
    }
    const all = endpoints.flatMap(({ requests }) => requests);
    expect([all.length, all.flatMap(({ fields }) => values(fields, NAME))]).toEqual([6, []]);
  });

  scenario('without a token only somebody on this machine may know', async () => {
    const { port } = await world({});
    expect(explanationOf(await request(port, local('/api/x', `${NAME}: 1`)))).toMatchObject({ pool: 'main' });
    const host = get('/api/x', `${NAME}: 1`).replace(/Host: [^\r]*/, 'Host: www.example.com');
    const others = [host, local('/api/x', `${NAME}: 1`, 'Via: 1.1 x'), local('/api/x', `${NAME}: yes`)];
    for (const bytes of others) expect(explanationOf(await request(port, bytes))).toBeUndefined();
  });

  scenario('without an admin server nobody may', async () => {
    const { port, endpoints } = await world(undefined);
    expect(explanationOf(await request(port, local('/api/x', `${NAME}: 1`)))).toBeUndefined();
    expect(endpoints.flatMap(({ requests }) => requests.flatMap(({ fields }) => values(fields, NAME)))).toEqual([]);
  });

  scenario('a retry is told, and the pick is that of who answers', async () => {
    const { port, endpoints } = await world({ token: 'abc' }, { policy: 'first', retries: { statuses: [503] } });
    endpoints[0]!.onRequest = answer('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
    const response = await request(port, get('/api/x', `${NAME}: abc`));
    const explained = explanationOf(response)!;
    expect(value(response.fields, 'x-served-by')).toBe('e1');
    expect(explained.pick?.endpoint).toBe('e1');
    expect(explained.pick?.endpoints[0]).toMatchObject({ id: 'e0', reasons: ['was tried before'] });
    expect(explained.tries).toMatchObject([
      { endpoint: 'e0', status: 503 },
      { endpoint: 'e1', status: 200 },
    ]);
  });

  scenario('answers of ours are explained as well', async () => {
    const { port, endpoints } = await world({ token: 'abc' }, { retries: { attempts: 1 } });
    const ask = (target: string) => request(port, get(target, `${NAME}: abc`));
    expect(explanationOf(await ask('/old/x'))).toMatchObject({ route: 0, answer: { status: 302, location: '/new' } });
    const nowhere = await ask('/nowhere');
    expect(explanationOf(nowhere)).toMatchObject({ routes: [{ matches: false }, { matches: false }], tries: [] });
    for (const each of endpoints) await each.close();
    const failed = await ask('/api/x');
    expect(failed.start[1]).toBe('502');
    expect(explanationOf(failed)!.tries.map(({ failure }) => failure)).toEqual(['connect', 'connect']);
  });

  scenario('an upgraded connection is explained where it begins', async () => {
    const { port, endpoints } = await world({ token: 'abc' });
    for (const each of endpoints) {
      each.onRequest = answer('HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n');
    }
    const client = await rawClient(port, { plain: true });
    await client.send(get('/api/x', `${NAME}: abc`, 'Connection: Upgrade', 'Upgrade: chat'));
    await until('a 101', () => client.bytes().includes('\r\n\r\n'));
    const [, json = '{}'] = /^x-equipoise-explain: (.*)\r$/im.exec(client.bytes().toString('latin1')) ?? [];
    expect(JSON.parse(json)).toMatchObject({ pool: 'main', tries: [{ status: 101 }] });
    client.close();
  });

  scenario('an endpoint cannot explain in our place', async () => {
    const { port, endpoints } = await world({ token: 'abc' });
    for (const each of endpoints)
      each.onRequest = answer(`HTTP/1.1 200 OK\r\n${NAME}: lies\r\nContent-Length: 0\r\n\r\n`);
    const response = await request(port, get('/api/x', `${NAME}: abc`));
    expect(values(response.fields, NAME).length).toBe(1);
    expect(explanationOf(response)).toMatchObject({ pool: 'main' });
  });
});

// Node's transport serves with one.
describe.skipIf(!transports.includes('bun'))('live explain with two workers', () => {
  const keep = cleanUp();

  test('each worker explains what it did', async () => {
    const { clients } = await startWorkers({ workers: 2, endpoints: [{}, {}, {}] }, keep);
    const workers = new Set<number | undefined>();
    for (const client of await clients(16)) {
      for (let i = 0; i < 4; i++) {
        await client.send(local('/', `${NAME}: 1`));
        const response = await client.response(i);
        const explained = explanationOf(response)!;
        expect(explained.pick?.endpoint).toBe(value(response.fields, 'x-served-by'));
        workers.add(explained.worker);
      }
    }
    expect([...workers].sort()).toEqual([0, 1]);
  }, 120_000);
});
