import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { answer, answerOk } from '../harness/backend.ts';
import { get, ok, post, rawClient, request } from '../harness/client.ts';
import { sleep } from '../harness/sockets.ts';
import type { World, WorldScenario } from './http1-world.ts';

/** Serves one request so that an idle connection to the backend waits. */
async function warm({ port }: World): Promise<void> {
  expect((await request(port.main, get('/warm'))).start[1]).toBe('200');
}

/** More than one read brings. */
const LARGE = 'x'.repeat(2 << 20);

/** A request is answered and another one is under way while late bytes of the first answer come. */
async function lateBytesOf204({ port }: World): Promise<void> {
  const [first, second] = [await rawClient(port.main), await rawClient(port.main)];
  await first.send(get('/empty'));
  expect((await first.response()).start[1]).toBe('204');
  await second.send(get('/slow'), get('/slow-2'));
  expect((await second.response()).body.toString()).toBe('target=/slow');
  expect((await second.response(1)).body.toString()).toBe('target=/slow-2');
  expect([first.violation, second.violation, first.responses.length]).toEqual([undefined, undefined, 1]);
  first.close();
  second.close();
}

export const upstream: Readonly<Record<string, WorldScenario>> = {
  'a GET on a connection that the backend closes just then is sent again': async (world) => {
    for (let round = 0; round < 30; round++) {
      await warm(world);
      world.a.disconnect(round % 2 ? 'end' : 'reset');
      expect((await request(world.port.main, get('/get'))).body.toString()).toBe('target=/get');
    }
  },
  'a GET that an idle connection swallowed is sent again': async (world) => {
    await warm(world);
    const used = new Set<number>();
    world.a.onRequest = (exchange) => {
      if (used.size === 0 && exchange.request.start[1] === '/get') {
        used.add(exchange.connection);
        exchange.reset();
      } else answerOk(exchange);
    };
    expect((await request(world.port.main, get('/get'))).body.toString()).toBe('target=/get');
    expect(world.a.requests.filter((each) => each.start[1] === '/get').length).toBe(2);
  },
  'a POST that an idle connection swallowed is not sent again': async (world) => {
    await warm(world);
    world.a.onRequest = (exchange) => exchange.reset();
    expect((await request(world.port.main, post('/post', 'once'))).start[1]).toBe('502');
    expect(world.a.heads.filter((each) => each.start[1] === '/post').length).toBe(1);
  },
  'a POST meets a closing connection: served once or refused': async (world) => {
    for (let round = 0; round < 20; round++) {
      await warm(world);
      world.a.reset();
      world.a.disconnect('end');
      expect(['200', '502']).toContain((await request(world.port.main, post('/post', 'once'))).start[1]);
      expect(world.a.heads.length).toBeLessThanOrEqual(1);
    }
  },
  'a POST after the backend closed its idle connection is served': async (world) => {
    await warm(world);
    world.a.disconnect('end');
    await sleep(30);
    expect((await request(world.port.main, post('/post', 'once'))).start[1]).toBe('200');
  },
  'connect failures go to another endpoint, whatever the method': async ({ port }) => {
    for (let round = 0; round < 6; round++) {
      expect((await request(port.failover, get('/get'))).start[1]).toBe('200');
      expect((await request(port.failover, post('/post', 'body'))).start[1]).toBe('200');
    }
    const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
    for (let round = 0; round < 4; round++) expect((await request(port.failover, chunked)).start[1]).toBe('200');
  },
  'a body that comes late is not lost by a connect failure': async ({ port, a }) => {
    for (let round = 0; round < 4; round++) {
      a.reset();
      const client = await rawClient(port.failover);
      const bytes = post('/late', 'x'.repeat(5000));
      await client.send(bytes.slice(0, 100), bytes.slice(100, 3000), bytes.slice(3000));
      await client.response();
      client.close();
      expect(a.requests[0]!.body.toString()).toBe('x'.repeat(5000));
    }
  },
  // The rest of a body was held back while an endpoint was sought, and only a new connection let it go on.
  'a retry that lands on an idle connection sends the rest of the body': async (world) => {
    await warm(world);
    const { port, a } = world;
    for (let round = 0; round < 2; round++) await request(port.failover, get('/warm'));
    a.reset();
    for (let round = 0; round < 6; round++) {
      expect((await request(port.failover, post('/large', LARGE))).start[1]).toBe('200');
    }
    const hash = createHash('sha256').update(LARGE).digest('hex');
    expect(a.requests.map((each) => each.bodyHash)).toEqual(Array<string>(6).fill(hash));
  },
  // 204 has no body, whatever its length says; an endpoint that sends one is not to be asked on that connection again.
  'late bytes behind a 204 that names a length are no answer': async (world) => {
    const { a } = world;
    a.onRequest = async (exchange) => {
      if (exchange.request.start[1] === '/empty') {
        await exchange.write('HTTP/1.1 204 No Content\r\nContent-Length: 40\r\n\r\n');
        await sleep(20);
        await exchange.write(ok('EVIL'));
      } else {
        await sleep(40);
        answerOk(exchange);
      }
    };
    for (let round = 0; round < 5; round++) await lateBytesOf204(world);
  },
  'a backup serves when no other can': async ({ port, b }) => {
    for (let round = 0; round < 4; round++) expect((await request(port.backup, get('/b'))).start[1]).toBe('200');
    expect(b.requests.length).toBe(4);
  },
  'an answer that says close is not followed by a request': async ({ port, a }) => {
    const connections = new Set<number>();
    a.onRequest = (exchange) => {
      connections.add(exchange.connection);
      void exchange.write(ok('x', 'Connection: close'));
    };
    for (let round = 0; round < 3; round++) await request(port.main, get('/'));
    expect(connections.size).toBe(3);
  },
  'an answer of HTTP/1.0 without keep-alive is not followed by a request': async ({ port, a }) => {
    const connections = new Set<number>();
    a.onRequest = (exchange) => {
      connections.add(exchange.connection);
      void answer('HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx')(exchange);
    };
    for (let round = 0; round < 3; round++) await request(port.main, get('/'));
    expect(connections.size).toBe(3);
  },
  'two hundred clients at once, each with its own answers': async ({ port }) => {
    const one = async (id: number): Promise<string[]> => {
      const client = await rawClient(port.main);
      for (let index = 0; index < 5; index++) {
        await client.send(index % 2 ? post(`/${id}-${index}`, 'x'.repeat(id)) : get(`/${id}-${index}`));
        await client.response(index);
      }
      client.close();
      return client.responses.map((each) => each.body.toString());
    };
    const answers = await Promise.all(Array.from({ length: 200 }, (_, id) => one(id)));
    expect(answers).toEqual(answers.map((_, id) => Array.from({ length: 5 }, (_, index) => `target=/${id}-${index}`)));
  },
};
