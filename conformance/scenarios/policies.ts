import { expect } from 'vitest';
import type { Exchange } from '../harness/backend.ts';
import { get, ok, post, rawClient, request } from '../harness/client.ts';
import { value, values } from '../harness/message-reader.ts';
import { sleep } from '../harness/sockets.ts';
import {
  answerHeld,
  getHeld,
  hold,
  type PolicyListener,
  type PolicyScenario,
  type PolicyWorld,
  servedBy,
} from './policies-world.ts';

const USERS = Array.from({ length: 24 }, (_, index) => `user-${index}`);

/** One after the other: bounded-load moves keys while many are under way. */
async function oneByOne<T, R>(items: readonly T[], run: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const [index, item] of items.entries()) results.push(await run(item, index));
  return results;
}

/** A key stays where it is, from whatever address it comes, and 24 of them reach each of the four. */
async function expectAffinity(port: number, bytesOf: (user: string) => string): Promise<void> {
  const places = await oneByOne(USERS, (user) => servedBy(port, bytesOf(user)));
  expect(new Set(places).size).toBe(4);
  const elsewhere = (user: string, index: number) =>
    servedBy(port, bytesOf(user), { localAddress: `127.0.0.${2 + index}` });
  expect(await oneByOne(USERS, elsewhere)).toEqual(places);
}

const keyed: Readonly<Record<string, readonly [PolicyListener, (user: string) => string]>> = {
  header: ['header', (user) => get('/', `x-user: ${user}`, 'X-User: second')],
  cookie: ['cookie', (user) => get('/', `Cookie: a=b; sid=${user}; sid=second`)],
  query: ['query', (user) => get(`/?a=b&user=${user}&user=second`)],
  path: ['path', (user) => get(`/${user}?a=${Math.random()}`)],
  'path of an absolute target': ['path', (user) => get(`http://a.example/${user}?a=${Math.random()}`)],
  host: ['host', (user) => `GET / HTTP/1.1\r\nHost: ${user}.example:${1 + (user.length % 7)}\r\n\r\n`],
  'header, under bounded-load': ['wrapped', (user) => get('/', `X-User: ${user}`)],
  'header, where an endpoint is dead': ['retried', (user) => get('/', `X-User: ${user}`)],
};

const keys = Object.fromEntries(
  Object.entries(keyed).map(([name, [listener, bytesOf]]): [string, PolicyScenario] => [
    `affinity by ${name}`,
    ({ port }) => expectAffinity(port[listener], bytesOf),
  ]),
);

/** Where 24 addresses go, each twice, of clients without a key. */
async function placesByAddress(send: (address: string) => Promise<string>): Promise<string[]> {
  const addresses = USERS.map((_, index) => `127.0.1.${1 + index}`);
  const places = await Promise.all(addresses.map(send));
  expect(new Set(places).size).toBe(4);
  expect(await Promise.all(addresses.map(send))).toEqual(places);
  return places;
}

const addresses: Readonly<Record<string, PolicyScenario>> = {
  'a request without its key is known by its address': async ({ port }) => {
    const places = await placesByAddress((localAddress) => servedBy(port.header, get('/'), { localAddress }));
    const empty = (localAddress: string) => servedBy(port.header, get('/', 'X-User:'), { localAddress });
    expect(await placesByAddress(empty)).toEqual(places);
  },
  'the address is the rightmost that is no trusted proxy’s': async ({ port }) => {
    const direct = await placesByAddress((localAddress) => servedBy(port.header, get('/'), { localAddress }));
    const claimed = (list: (address: string) => string) => (address: string) =>
      servedBy(port.trusting, get('/', `X-Forwarded-For: ${list(address)}`));
    const others = USERS.map((_, index) => `203.0.113.${index}`);
    const behind = await Promise.all(others.map(claimed((address) => `198.51.100.7, ${address}, 127.0.0.9`)));
    expect(new Set(behind).size).toBe(4);
    expect(await Promise.all(others.map(claimed((address) => address)))).toEqual(behind);
    const untrusted = (localAddress: string) =>
      servedBy(port.header, get('/', 'X-Forwarded-For: 203.0.113.1'), { localAddress });
    expect(await placesByAddress(untrusted)).toEqual(direct);
  },
  'a tcp connection is known by its address, where its pool names a header too': async (world) => {
    const direct = await placesByAddress((localAddress) => servedBy(world.port.header, get('/'), { localAddress }));
    const named = async (localAddress: string) => {
      const target = `/${Math.random()}`;
      await request(world.port.tcp, get(target, 'X-User: x'), { localAddress });
      return `e${world.backends.findIndex(({ requests }) => requests.some((each) => each.start[1] === target))}`;
    };
    expect(await placesByAddress(named)).toEqual(direct);
  },
};

/** Two at a time go to different endpoints: nothing is left in flight of what was before. */
async function expectIdle(world: PolicyWorld, port: number): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const pair = [await hold(world, port, getHeld()), await hold(world, port, getHeld())];
    expect(new Set(pair.map(({ at }) => at)).size).toBe(2);
    for (const each of pair) await answerHeld(each);
  }
}

/** While the costly one is under way, all of the others go to the other endpoint. */
async function expectAvoided(world: PolicyWorld, port: number, costly: string, cost: number): Promise<void> {
  const first = await hold(world, port, costly);
  const others = [];
  for (let count = 0; count < cost; count++) others.push(await hold(world, port, getHeld()));
  expect(new Set(others.map(({ at }) => at))).toEqual(new Set([1 - first.at]));
  for (const each of [...others, first]) await answerHeld(each);
  await expectIdle(world, port);
}

const costs: Readonly<Record<string, PolicyScenario>> = {
  'a header names what a request costs': async (world) => {
    await expectAvoided(world, world.port.costly, getHeld('X-Cost: 12', 'X-Cost: 1'), 11);
  },
  'rubbish costs 1': async (world) => {
    for (const cost of ['-5', '1e3', '2.5', '9'.repeat(40), 'x', '']) {
      const pair = [
        await hold(world, world.port.costly, getHeld(`X-Cost: ${cost}`)),
        await hold(world, world.port.costly, getHeld()),
      ];
      const third = await hold(world, world.port.costly, getHeld());
      const fourth = await hold(world, world.port.costly, getHeld());
      const counts = [...pair, third, fourth].map(({ at }) => at).sort();
      for (const each of [...pair, third, fourth]) await answerHeld(each);
      expect([cost, counts]).toEqual([cost, [0, 0, 1, 1]]);
    }
  },
  'a body costs 1 more for each 64 KiB': async (world) => {
    const { sized } = world.port;
    await expectAvoided(world, sized, post('/upload', 'x'.repeat(10 * 65_536)), 10);
  },
  'a client that goes away gives back what its request cost': async (world) => {
    for (let round = 0; round < 3; round++) {
      const { client, exchange } = await hold(world, world.port.costly, getHeld('X-Cost: 5000'));
      client.reset();
      await exchange.closed;
      await expectIdle(world, world.port.costly);
    }
  },
  'a try that failed gives back what the request cost': async (world) => {
    for (let round = 0; round < 6; round++) {
      await answerHeld(await hold(world, world.port.costlyRetried, getHeld('X-Cost: 5000')));
    }
    await expectIdle(world, world.port.costlyRetried);
  },
};

/** The first backend says that it is busy, the others that they are not; without that, it would be the faster one. */
function report({ backends }: PolicyWorld, lines: (inFlight: number, latencyMs: number) => string): void {
  for (const [index, backend] of backends.entries()) {
    const field = index === 0 ? lines(60, 700) : lines(0, 5);
    const bytes = `HTTP/1.1 103 Early Hints\r\n${field}\r\nLink: </x>\r\n\r\n${ok('x', 'A: 1', field, 'B: 2')}`;
    backend.onRequest = async (exchange) => {
      if (index > 0) await sleep(4);
      await exchange.write(bytes);
    };
  }
}

async function placesOf(port: number, count: number): Promise<{ places: string[]; named: string[] }> {
  const [places, named]: [string[], string[]] = [[], []];
  const client = await rawClient(port);
  for (let index = 0; index < count; index++) {
    await client.send(get('/'));
    const { fields } = await client.response(index);
    places.push(value(fields, 'x-served-by')!);
    named.push(...fields.map(([name]) => name.toLowerCase()));
  }
  named.push(...client.interim.flatMap(({ fields }) => fields.map(([name]) => name.toLowerCase())));
  client.close();
  return { places, named };
}

const shareOf = (places: readonly string[], id: string) => places.filter((each) => each === id).length / places.length;

/** `named_metrics` of xds.data.orca.v3.OrcaLoadReport, where it is field 8. */
function binary(inFlight: number, latencyMs: number): string {
  const metric = (name: string, number: number) => {
    const double = Buffer.alloc(8);
    double.writeDoubleLE(number);
    const entry = Buffer.concat([Buffer.from([10, name.length]), Buffer.from(name), Buffer.from([17]), double]);
    return Buffer.concat([Buffer.from([8 * 8 + 2, entry.length]), entry]);
  };
  return Buffer.concat([metric('in_flight', inFlight), metric('latency_ms', latencyMs)]).toString('base64');
}

const forms: Readonly<Record<string, (inFlight: number, latencyMs: number) => string>> = {
  text: (inFlight, latencyMs) =>
    `endpoint-load-metrics: TEXT named_metrics.in_flight=${inFlight}, named_metrics.latency_ms=${latencyMs}`,
  JSON: (inFlight, latencyMs) =>
    `Endpoint-Load-Metrics: JSON {"namedMetrics":{"in_flight":${inFlight},"latency_ms":${latencyMs}}}`,
  binary: (inFlight, latencyMs) => `endpoint-load-metrics-bin: ${binary(inFlight, latencyMs)}`,
};

const reports: Readonly<Record<string, PolicyScenario>> = {
  ...Object.fromEntries(
    Object.entries(forms).map(([name, lines]): [string, PolicyScenario] => [
      `a load report is heeded and kept from the client: ${name}`,
      async (world) => {
        report(world, lines);
        const { places, named } = await placesOf(world.port.reported, 60);
        // The busy one is asked once, unless a report gets older than a second.
        expect(shareOf(places, 'e1')).toBeGreaterThan(0.9);
        expect(named.filter((each) => each.startsWith('endpoint-load'))).toEqual([]);
        expect(named.filter((each) => each === 'b').length).toBe(60);
        expect(named.filter((each) => each === 'link').length).toBe(60);
      },
    ]),
  ),
  'a report that is rubbish is kept from the client as well': async (world) => {
    report(world, () => 'endpoint-load-metrics: TEXT named_metrics.in_flight=-1');
    const { named } = await placesOf(world.port.reported, 4);
    expect(named.filter((each) => each.startsWith('endpoint-load'))).toEqual([]);
  },
  'a report in a head that comes in pieces': async (world) => {
    const bytes = ok('x', forms.text!(0, 5), 'B: 2');
    const slowly = async (exchange: Exchange) => {
      for (let at = 0; at < bytes.length; at += 40) await exchange.write(bytes.slice(at, at + 40));
    };
    for (const backend of world.backends) backend.onRequest = slowly;
    const { named } = await placesOf(world.port.reported, 4);
    expect([named.includes('b'), named.some((each) => each.startsWith('endpoint-load'))]).toEqual([true, false]);
  },
  'where no policy wants a report, it is a field like others': async (world) => {
    report(world, forms.text!);
    const { fields } = await request(world.port.unreported, get('/'));
    expect(values(fields, 'endpoint-load-metrics').length).toBe(1);
  },
};

export const policies: Readonly<Record<string, PolicyScenario>> = { ...keys, ...addresses, ...costs, ...reports };
