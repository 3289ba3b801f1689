import { expect } from 'vitest';
import { get, rawClient, request } from '../harness/client.ts';
import { type Message, value } from '../harness/message-reader.ts';
import { until } from '../harness/sockets.ts';
import type { World, WorldScenario } from './http1-world.ts';

interface RouteCase {
  readonly why: string;
  readonly method?: string;
  readonly host: string;
  readonly target: string;
  /** The backend that answers, or the status of an answer made by the balancer. */
  readonly want: 'a' | 'b' | number;
  readonly location?: string;
}

const cases: readonly RouteCase[] = [
  { why: 'exact host and path', host: 'exact.example', target: '/only', want: 200 },
  { why: 'host without case and with a port', host: 'EXACT.example:99', target: '/only?q', want: 200 },
  { why: 'an exact path is not a prefix', host: 'exact.example', target: '/only/x', want: 404 },
  { why: 'paths are compared with case', host: 'exact.example', target: '/ONLY', want: 404 },
  { why: 'below a prefix', host: 'exact.example', target: '/below/x/y', want: 201 },
  { why: 'the prefix with its slash', host: 'exact.example', target: '/below/', want: 201 },
  { why: 'the prefix without its slash is another path', host: 'exact.example', target: '/below', want: 404 },
  { why: 'method', method: 'POST', host: 'exact.example', target: '/any', want: 202 },
  { why: 'the first match wins over the method', method: 'POST', host: 'exact.example', target: '/only', want: 200 },
  { why: 'wildcard host', host: 'x.wild.example', target: '/', want: 203 },
  { why: 'wildcard host, two labels', host: 'x.y.wild.example', target: '/', want: 203 },
  { why: 'a wildcard does not match the name itself', host: 'wild.example', target: '/', want: 404 },
  { why: 'a wildcard does not match inside a label', host: 'xwild.example', target: '/', want: 404 },
  { why: 'one of two paths', host: 'any', target: '/one', want: 'b' },
  { why: 'the other of two paths', host: 'any', target: '/two/x?y=/z', want: 'b' },
  { why: 'the other method', method: 'PUT', host: 'any', target: '/one', want: 'b' },
  {
    why: 'a method that the first match lacks falls through',
    method: 'DELETE',
    host: 'any',
    target: '/two/x',
    want: 404,
  },
  {
    why: 'redirect with templates',
    host: 'any.example',
    target: '/old/p?q=1',
    want: 308,
    location: 'https://any.example/old/p?q=1',
  },
  { why: 'redirect to a path', host: 'any', target: '/moved?q=1', want: 302, location: '/new' },
  { why: 'the last route', host: 'last.example', target: '/x', want: 'a' },
  { why: 'absolute-form names the host', host: 'any', target: 'http://last.example/x', want: 'a' },
  { why: 'the primary of a pool', method: 'POST', host: 'roles.example', target: '/x', want: 'a' },
  { why: 'its replica', method: 'GET', host: 'roles.example', target: '/x', want: 'b' },
  { why: 'no route', host: 'any', target: '/nowhere', want: 404 },
  { why: 'no host matches none', host: '127.0.0.1', target: '/', want: 404 },
];

async function visit(world: World, each: RouteCase): Promise<void> {
  const bytes = get(each.target)
    .replace('a.example', each.host)
    .replace('GET', each.method ?? 'GET');
  const response = await request(world.port.routed, bytes);
  const served = world.a.requests.length > 0 ? 'a' : world.b.requests.length > 0 ? 'b' : Number(response.start[1]);
  expect(served).toBe(each.want);
  if (each.location) expect(value(response.fields, 'location')).toBe(each.location);
}

async function pipelined(port: number, targets: readonly string[]): Promise<Message[]> {
  const client = await rawClient(port);
  await client.send(targets.map((target) => get(target)).join(''));
  await client.response(targets.length - 1);
  client.close();
  return client.responses;
}

export const routes: Readonly<Record<string, WorldScenario>> = {
  ...Object.fromEntries(cases.map((each) => [`route: ${each.why}`, (world: World) => visit(world, each)])),
  'route: an own answer has its body and type': async ({ port }) => {
    const { body, fields } = await request(port.routed, get('/').replace('a.example', 'x.wild.example'));
    expect([body.toString(), value(fields, 'content-type')]).toEqual(['wild', 'text/x-wild']);
  },
  'route: an own answer to HEAD has no body': async ({ port }) => {
    const client = await rawClient(port.routed, { methods: ['HEAD'] });
    await client.send(get('/only').replace('GET', 'HEAD').replace('a.example', 'exact.example'));
    expect(value((await client.response()).fields, 'content-length')).toBe('10');
    await client.send(get('/moved'));
    expect((await client.response(1)).start[1]).toBe('302');
  },
  'route: the body of a request answered here is not the next request': async ({ port }) => {
    const client = await rawClient(port.routed);
    const hidden = get('/nowhere');
    await client.send(
      `PUT /moved HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
      get('/moved'),
    );
    // The second answer may be missing where the balancer closes instead of reading the body.
    await until('two answers or the end', () => client.responses.length === 2 || client.ended() !== 'open');
    expect(new Set(client.responses.map((each) => each.start[1]))).toEqual(new Set(['302']));
  },
  'route: weighted pools share by weight': async ({ port, a, b }) => {
    for (let round = 0; round < 20; round++) await pipelined(port.shared, Array<string>(20).fill('/'));
    expect(a.requests.length + b.requests.length).toBe(400);
    // 400 draws at 3/4: standard deviation 8.7, five of them to either side.
    expect(a.requests.length).toBeGreaterThan(300 - 44);
    expect(a.requests.length).toBeLessThan(300 + 44);
  },
};
