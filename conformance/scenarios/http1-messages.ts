import { expect } from 'vitest';
import { answer, answerOk } from '../harness/backend.ts';
import { get, ok, post, rawClient, request } from '../harness/client.ts';
import { type Message, value, values } from '../harness/message-reader.ts';
import { sleep, until } from '../harness/sockets.ts';
import type { WorldScenario } from './http1-world.ts';

const text = (message: Message): string => message.body.toString('latin1');

const CHUNKED_POST =
  'POST /c HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n7;e=1\r\n, world\r\n0\r\nX-Sum: 12\r\n\r\n';
const CHUNKED_ANSWER =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\nX-Sum: 12\r\n\r\n';

/** Sends `bytes` cut at each sampled place and compares what the backend got. */
async function everyCut(
  bytes: string,
  cuts: readonly number[],
  send: (first: string, second: string) => Promise<void>,
) {
  for (const at of cuts) await send(bytes.slice(0, at), bytes.slice(at));
}

/** About `count` places in 1..length−1, always with the first and the last. */
function places(length: number, count: number): number[] {
  const step = Math.max(1, Math.floor(length / count));
  const spread = Array.from({ length: Math.floor((length - 1) / step) }, (_, index) => 1 + index * step);
  return [...new Set([...spread, length - 2, length - 1])];
}

export const messages: Readonly<Record<string, WorldScenario>> = {
  'a body by length arrives whole and its answer returns': async ({ port, a }) => {
    a.onRequest = answer(ok('answer', 'X-Own: 1'));
    const response = await request(port.main, post('/p?q=1', 'body bytes'));
    expect([text(response), value(response.fields, 'x-own'), response.framing]).toEqual(['answer', '1', 'length']);
    expect([a.requests[0]!.start.join(' '), text(a.requests[0]!)]).toEqual(['POST /p?q=1 HTTP/1.1', 'body bytes']);
  },
  'chunks and trailers pass in the request': async ({ port, a }) => {
    await request(port.main, CHUNKED_POST);
    expect([text(a.requests[0]!), a.requests[0]!.framing]).toEqual(['hello, world', 'chunked']);
    expect(a.requests[0]!.trailers).toEqual([['X-Sum', '12']]);
  },
  'chunks and trailers pass in the answer': async ({ port, a }) => {
    a.onRequest = answer(CHUNKED_ANSWER);
    const response = await request(port.main, get('/'));
    expect([text(response), response.framing]).toEqual(['hello, world', 'chunked']);
    expect(response.trailers).toEqual([['X-Sum', '12']]);
  },
  'a chunked answer reaches a 1.0 client without chunks': async ({ port, a }) => {
    a.onRequest = answer(CHUNKED_ANSWER);
    const response = await request(port.main, 'GET / HTTP/1.0\r\nHost: a.example\r\n\r\n');
    expect([text(response), response.framing]).toEqual(['hello, world', 'until-close']);
  },
  'an answer until close has a visible end for a 1.1 client': async ({ port, a }) => {
    a.onRequest = answer('HTTP/1.1 200 OK\r\n\r\nuntil the end', 'end');
    const client = await rawClient(port.main);
    await client.send(get('/1'));
    expect([text(await client.response()), client.responses[0]!.framing]).toEqual(['until the end', 'chunked']);
    await client.send(get('/2'));
    expect(text(await client.response(1))).toBe('until the end');
  },
  'an answer until close reaches a 1.0 client': async ({ port, a }) => {
    a.onRequest = answer('HTTP/1.0 200 OK\r\n\r\nuntil the end', 'end');
    expect(text(await request(port.main, 'GET / HTTP/1.0\r\nHost: a.example\r\n\r\n'))).toBe('until the end');
  },
  'an answer of HTTP/1.0 with a length is an ordinary one': async ({ port, a }) => {
    a.onRequest = answer('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 'end');
    const response = await request(port.main, get('/'));
    expect([response.start[0], text(response)]).toEqual(['HTTP/1.1', 'ok']);
  },
  'empty bodies of every framing': async ({ port, a }) => {
    await request(port.main, post('/', ''));
    await request(port.main, 'POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n');
    expect(a.requests.map((each) => [each.framing, each.bodyBytes])).toEqual([
      ['length', 0],
      ['chunked', 0],
    ]);
    a.onRequest = answer(ok(''));
    expect((await request(port.main, get('/'))).bodyBytes).toBe(0);
  },
  'a request byte by byte': async ({ port, a }) => {
    const client = await rawClient(port.main);
    for (const byte of CHUNKED_POST) {
      await client.send(byte);
      await sleep(0);
    }
    await client.response();
    expect(text(a.requests[0]!)).toBe('hello, world');
  },
  'an answer byte by byte': async ({ port, a }) => {
    a.onRequest = async (exchange) => {
      for (const byte of CHUNKED_ANSWER) {
        await exchange.write(byte);
        await sleep(0);
      }
    };
    expect(text(await request(port.main, get('/')))).toBe('hello, world');
  },
  'a request at every sampled cut': async ({ port, a }) => {
    const client = await rawClient(port.main);
    let index = 0;
    await everyCut(CHUNKED_POST, places(CHUNKED_POST.length, 60), async (first, second) => {
      await client.send(first, second);
      await client.response(index++);
    });
    expect(new Set(a.requests.map(text))).toEqual(new Set(['hello, world']));
    expect(a.requests.length).toBe(index);
  },
  'an answer at every sampled cut': async ({ port, a }) => {
    const client = await rawClient(port.main);
    let index = 0;
    await everyCut(CHUNKED_ANSWER, places(CHUNKED_ANSWER.length, 60), async (first, second) => {
      a.onRequest = async (exchange) => {
        await exchange.write(first);
        await sleep(1);
        await exchange.write(second);
      };
      await client.send(get('/'));
      expect(text(await client.response(index++))).toBe('hello, world');
    });
  },
  '1xx answers are forwarded before the final one': async ({ port, a }) => {
    a.onRequest = answer(`HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok('end')}`);
    const client = await rawClient(port.main);
    await client.send(get('/'));
    expect(text(await client.response())).toBe('end');
    expect(client.interim.map((each) => each.start[1])).toEqual(['102', '103']);
    expect(value(client.interim[1]!.fields, 'link')).toBe('</x>');
  },
  '1xx answers are not sent to a 1.0 client': async ({ port, a }) => {
    a.onRequest = answer(`HTTP/1.1 103 Early Hints\r\n\r\n${ok('end')}`);
    const client = await rawClient(port.main);
    await client.send('GET / HTTP/1.0\r\nHost: a.example\r\n\r\n');
    expect(text(await client.response())).toBe('end');
    expect(client.interim).toEqual([]);
  },
  'Expect: 100-continue makes the round trip before the body': async ({ port, a }) => {
    a.onHead = (exchange) => void exchange.write('HTTP/1.1 100 Continue\r\n\r\n');
    const client = await rawClient(port.main);
    await client.send('POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    await until('100 Continue', () => client.interim.length === 1);
    expect([client.interim[0]!.start[1], a.requests.length]).toEqual(['100', 0]);
    await client.send('hello');
    await client.response();
    expect(text(a.requests[0]!)).toBe('hello');
  },
  'Expect: 100-continue answered with a final status': async ({ port, a }) => {
    a.onHead = (exchange) => void exchange.write('HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    a.onRequest = () => {};
    const client = await rawClient(port.main);
    await client.send('POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n');
    expect((await client.response()).start[1]).toBe('417');
    a.onHead = () => {};
    a.onRequest = answerOk;
    expect(text(await request(port.main, get('/next')))).toBe('target=/next');
  },
  'HEAD, 204 and 304 end at their head': async ({ port, a }) => {
    const client = await rawClient(port.main, { methods: ['HEAD', 'GET', 'GET', 'HEAD'] });
    const heads = [
      'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
      'HTTP/1.1 204 No Content\r\n\r\n',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: "x"\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    ];
    for (const [index, head] of heads.entries()) {
      a.onRequest = answer(head);
      await client.send(get(`/${index}`).replace(/^GET/, index % 3 === 0 ? 'HEAD' : 'GET'));
      expect((await client.response(index)).start[1]).toBe(head.slice(9, 12));
    }
    expect(value(client.responses[0]!.fields, 'content-length')).toBe('1000');
    a.onRequest = answerOk;
    await client.send(get('/after'));
    expect(text(await client.response(4))).toBe('target=/after');
  },
  'twenty pipelined requests are answered in order': async ({ port, a }) => {
    a.onRequest = async (exchange) => {
      await sleep(exchange.request.start[1].endsWith('0') ? 10 : 0);
      answerOk(exchange);
    };
    const client = await rawClient(port.main);
    await client.send(
      Array.from({ length: 20 }, (_, index) => (index % 2 ? post(`/${index}`, 'body') : get(`/${index}`))).join(''),
    );
    await client.response(19);
    expect(client.responses.map(text)).toEqual(Array.from({ length: 20 }, (_, index) => `target=/${index}`));
    expect(a.requests.length).toBe(20);
  },
  'keep-alive and close for 1.1 and 1.0': async ({ port }) => {
    const lives = async (bytes: string): Promise<[boolean, string | undefined]> => {
      const client = await rawClient(port.main);
      await client.send(bytes);
      const response = await client.response();
      const closed = await client.waitClosed(60);
      client.close();
      return [!closed, value(response.fields, 'connection')?.toLowerCase()];
    };
    const old = (line: string): string => `GET / HTTP/1.0\r\nHost: a.example\r\n${line}\r\n`;
    expect((await lives(get('/')))[0]).toBe(true);
    expect(await lives(get('/', 'Connection: close'))).toEqual([false, 'close']);
    expect(await lives(get('/', 'Connection: foo, Close'))).toEqual([false, 'close']);
    expect((await lives(old('')))[0]).toBe(false);
    expect(await lives(old('Connection: Keep-Alive\r\n'))).toEqual([true, 'keep-alive']);
  },
  'the backend closing after an answer does not close the client': async ({ port, a }) => {
    a.onRequest = answer(ok('x', 'Connection: close'), 'end');
    const client = await rawClient(port.main);
    for (let index = 0; index < 3; index++) {
      await client.send(get('/'));
      expect(values((await client.response(index)).fields, 'connection').join()).not.toContain('close');
    }
  },
  'a client that sends FIN after its request gets the answer': async ({ port, a }) => {
    a.onRequest = async (exchange) => {
      await sleep(50);
      answerOk(exchange);
    };
    const client = await rawClient(port.main);
    await client.send(get('/fin'));
    client.shutdown();
    expect(text(await client.response())).toBe('target=/fin');
    expect(await client.waitClosed()).toBe(true);
  },
  'upstream connections are used again': async ({ port, a }) => {
    const client = await rawClient(port.main);
    const connections = new Set<number>();
    a.onRequest = (exchange) => {
      connections.add(exchange.connection);
      answerOk(exchange);
    };
    for (let index = 0; index < 20; index++) {
      await client.send(get('/'));
      await client.response(index);
    }
    expect(connections.size).toBe(1);
  },
  'an upgrade is a tunnel in both directions, with early data and half-close': async ({ port, a }) => {
    let seen = '';
    a.onRequest = (exchange) => {
      exchange.onTunnel(
        (bytes) => {
          seen += bytes.toString('latin1');
          void exchange.write(`<${bytes.toString('latin1')}>`);
        },
        async () => {
          await exchange.write('bye');
          exchange.end();
        },
      );
      void exchange.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhi');
    };
    const client = await rawClient(port.main);
    await client.send(`${get('/ws', 'Upgrade: echo', 'Connection: keep-alive, Upgrade')}early`);
    await until('hi and early', () => client.bytes().toString() === 'hi<early>');
    expect(client.interim[0]!.start[1]).toBe('101');
    expect(value(client.interim[0]!.fields, 'upgrade')).toBe('echo');
    expect(value(a.requests[0]!.fields, 'upgrade')).toBe('echo');
    expect(value(a.requests[0]!.fields, 'connection')?.toLowerCase()).toContain('upgrade');
    await client.send('\0late');
    await until('late', () => client.bytes().toString() === 'hi<early><\0late>');
    client.shutdown();
    await until('bye', () => client.bytes().toString().endsWith('bye'));
    expect(await client.waitClosed()).toBe(true);
    expect(seen).toBe('early\0late');
  },
  'a tunnel without a byte is ended': async ({ port, a }) => {
    a.onRequest = (exchange) => {
      exchange.onTunnel(() => {});
      void exchange.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    };
    const client = await rawClient(port.quick);
    await client.send(get('/ws', 'Upgrade: echo', 'Connection: Upgrade'));
    await until('101', () => client.interim.length === 1);
    expect(await client.waitClosed()).toBe(true);
  },
};
