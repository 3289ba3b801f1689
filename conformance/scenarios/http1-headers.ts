import { expect } from 'vitest';
import { answer } from '../harness/backend.ts';
import { get, ok, request } from '../harness/client.ts';
import { type Field, value, values } from '../harness/message-reader.ts';
import type { WorldScenario } from './http1-world.ts';

const FORWARDING = ['x-forwarded-for', 'x-real-ip', 'x-forwarded-proto', 'x-forwarded-host', 'host'];

/** The values of the fields this suite is about, joined where one came twice. */
function forwarding(fields: readonly Field[]): Record<string, string> {
  return Object.fromEntries(FORWARDING.map((name) => [name, values(fields, name).join(' | ')]));
}

const SPOOFED = [
  ...['X-Forwarded-For: 6.6.6.6', 'x-forwarded-FOR: 7.7.7.7', 'X-Real-IP: 6.6.6.6', 'X-Forwarded-Proto: https'],
  ...['X-Forwarded-Host: evil.example', 'X-Request-Id: spoofed', 'Forwarded: for=6.6.6.6'],
];

export const headers: Readonly<Record<string, WorldScenario>> = {
  'forwarding fields say what was seen': async ({ port, a }) => {
    await request(port.main, get('/', 'Host: x').replace('Host: a.example\r\nHost: x', 'Host: Shop.Example:8080'));
    expect(forwarding(a.requests[0]!.fields)).toEqual({
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'Shop.Example:8080',
      host: 'Shop.Example:8080',
    });
  },
  'a client that is not trusted cannot name another': async ({ port, a }) => {
    await request(port.main, get('/', ...SPOOFED), { localAddress: '127.0.0.7' });
    expect(forwarding(a.requests[0]!.fields)).toEqual({
      'x-forwarded-for': '127.0.0.7',
      'x-real-ip': '127.0.0.7',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'a.example',
      host: 'a.example',
    });
    expect(values(a.requests[0]!.fields, 'forwarded').join()).not.toContain('6.6.6.6');
  },
  'a trusted proxy is believed and appended to': async ({ port, a }) => {
    await request(
      port.trusting,
      get(
        '/',
        'X-Forwarded-For: 203.0.113.9',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: shop.example',
        'X-Request-Id: kept-1',
      ),
    );
    const { fields } = a.requests[0]!;
    expect(forwarding(fields)).toEqual({
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-real-ip': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
      host: 'internal.example',
    });
    expect(values(fields, 'x-request-id')).toEqual(['kept-1']);
  },
  'the client is the rightmost address that is not a trusted proxy': async ({ port, a }) => {
    await request(port.trusting, get('/', 'X-Forwarded-For: 6.6.6.6, 203.0.113.9', 'X-Forwarded-For: 127.0.0.8'));
    expect(value(a.requests[0]!.fields, 'x-real-ip')).toBe('203.0.113.9');
    const chain = values(a.requests[0]!.fields, 'x-forwarded-for').join(', ');
    expect(chain.replaceAll(' ', '')).toBe('6.6.6.6,203.0.113.9,127.0.0.8,127.0.0.1');
  },
  'a trusted proxy that sent garbage does not become the client': async ({ port, a }) => {
    await request(port.trusting, get('/', 'X-Forwarded-For: 203.0.113.9, <script>'));
    expect(value(a.requests[0]!.fields, 'x-real-ip')).not.toContain('script');
  },
  'a request id is made where none is trusted, and is never the same twice': async ({ port, a }) => {
    await request(port.dressed, get('/', 'X-Request-Id: spoofed'));
    await request(port.dressed, get('/'));
    const ids = a.requests.map((each) => values(each.fields, 'x-request-id'));
    expect(ids.map((each) => each.length)).toEqual([1, 1]);
    expect(new Set([...ids.flat(), 'spoofed']).size).toBe(3);
  },
  'Host is replaced and the first one told; the endpoint is named': async ({ port, a }) => {
    const response = await request(port.dressed, get('/'));
    expect(forwarding(a.requests[0]!.fields)).toMatchObject({
      host: 'internal.example',
      'x-forwarded-host': 'a.example',
    });
    expect(values(response.fields, 'x-served-by')).toEqual(['first']);
  },
  'an endpoint cannot fake who served': async ({ port, a }) => {
    a.onRequest = answer(ok('x', 'X-Served-By: somebody'));
    expect(values((await request(port.dressed, get('/'))).fields, 'x-served-by')).toContain('first');
  },
  'Forwarded is sent where it is asked for': async ({ port, a }) => {
    await request(port.dressed, get('/', 'Forwarded: for=6.6.6.6'));
    const [forwarded = ''] = values(a.requests[0]!.fields, 'forwarded');
    expect(forwarded.toLowerCase()).toContain('for=127.0.0.1');
    expect(forwarded.toLowerCase()).toContain('proto=http');
    expect(forwarded).not.toContain('6.6.6.6');
  },
  'hop-by-hop fields of the request end here': async ({ port, a }) => {
    const hop = [
      'Connection: X-Secret, keep-alive',
      'X-Secret: 1',
      'Keep-Alive: timeout=9',
      'Proxy-Connection: x',
      'Proxy-Authorization: y',
    ];
    await request(port.main, get('/', ...hop, 'TE: gzip', 'X-Kept: 1', 'Connection: X-More', 'X-More: 2'));
    const names = a.requests[0]!.fields.map(([name]) => name.toLowerCase());
    expect(names).toContain('x-kept');
    for (const gone of ['x-secret', 'x-more', 'keep-alive', 'proxy-connection']) expect(names).not.toContain(gone);
    expect(values(a.requests[0]!.fields, 'connection').join().toLowerCase()).not.toContain('x-secret');
  },
  'hop-by-hop fields of the answer end here': async ({ port, a }) => {
    a.onRequest = answer(
      ok('x', 'Connection: X-Secret', 'X-Secret: 1', 'Keep-Alive: timeout=9', 'Proxy-Connection: x', 'X-Kept: 1'),
    );
    const names = (await request(port.main, get('/'))).fields.map(([name]) => name.toLowerCase());
    expect(names).toContain('x-kept');
    for (const gone of ['x-secret', 'keep-alive', 'proxy-connection']) expect(names).not.toContain(gone);
  },
  'end-to-end fields keep order, case and bytes': async ({ port, a }) => {
    const own = ['X-B: 1', 'x-a: 2', 'X-B: 3', 'Cookie: a=b; c="d"', 'X-Bytes: \xe9\xff\t.'];
    a.onRequest = answer(
      ok('x', 'Date: Tue, 15 Nov 1994 08:12:31 GMT', 'Server: mine/1', 'Set-Cookie: a', 'sEt-cOOkie: b'),
    );
    const { fields } = await request(port.main, get('/', ...own));
    const kept = a.requests[0]!.fields.filter(([name]) => /^(x-a|x-b|cookie|x-bytes)$/i.test(name));
    expect(kept).toEqual([
      ['X-B', '1'],
      ['x-a', '2'],
      ['X-B', '3'],
      ['Cookie', 'a=b; c="d"'],
      ['X-Bytes', '\xe9\xff\t.'],
    ]);
    expect(fields.filter(([name]) => /^(date|server|set-cookie)$/i.test(name))).toEqual([
      ...[
        ['Date', 'Tue, 15 Nov 1994 08:12:31 GMT'],
        ['Server', 'mine/1'],
      ],
      ...[
        ['Set-Cookie', 'a'],
        ['sEt-cOOkie', 'b'],
      ],
    ]);
  },
  'no Server, Date or Via is added to an answer that has none': async ({ port }) => {
    const names = (await request(port.main, get('/'))).fields.map(([name]) => name.toLowerCase());
    for (const own of ['server', 'date', 'via']) expect(names).not.toContain(own);
  },
  'the reason phrase and unknown statuses pass': async ({ port, a }) => {
    a.onRequest = answer('HTTP/1.1 418 I am a \xe9 teapot\r\nContent-Length: 0\r\n\r\n');
    expect((await request(port.main, get('/'))).start).toEqual(['HTTP/1.1', '418', 'I am a \xe9 teapot']);
  },
};
