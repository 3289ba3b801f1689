import { describe, expect, test } from 'vitest';
import { Collector } from './collector.ts';

type Reply = () => Response | Promise<Response>;
const ok: Reply = () => new Response('{}');
const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  () =>
    new Response('no', { status: code, headers });
const unreachable: Reply = () => Promise.reject(new Error('refused'));

/** Replies in turn, the last one again and again. Pauses end at once. */
function world(...replies: Reply[]) {
  const asked: { url: string; init: RequestInit }[] = [];
  const pauses: number[] = [];
  const changes: string[] = [];
  const options = {
    endpoint: 'http://collector/v1/traces',
    headers: { 'x-key': 'secret' },
    frame: ['[', ']'] as const,
  };
  const collector = new Collector(options, {
    fetch: async (url, init) => {
      asked.push({ url, init });
      return (replies.length > 1 ? replies.shift()! : replies[0]!)();
    },
    after: (ms, run) => {
      pauses.push(ms);
      run();
    },
    onChange: (to, reason) => changes.push(`${to}: ${reason}`),
  });
  return { collector, asked, pauses, changes };
}

describe('Collector', () => {
  test('gets spans in one request, and follows no redirect', async () => {
    const { collector, asked, changes } = world(ok);
    expect(await collector.send(['1', '2'])).toBe(0);
    expect(asked[0]!.url).toBe('http://collector/v1/traces');
    expect(asked[0]!.init).toMatchObject({
      ...{ method: 'POST', redirect: 'manual', body: '[1,2]' },
      headers: { 'x-key': 'secret', 'content-type': 'application/json' },
    });
    expect([asked.length, changes]).toEqual([1, []]);
  });

  test.each([
    { why: 'spans that it rejects are lost', body: '{"partialSuccess":{"rejectedSpans":"1"}}', lost: 1 },
    { why: 'but never more than there were', body: '{"partialSuccess":{"rejectedSpans":9}}', lost: 2 },
    { why: 'an answer in another language is one', body: '\x0a\x00', lost: 0 },
  ])('$why', async ({ body, lost }) => {
    expect(await world(() => new Response(body)).collector.send(['1', '2'])).toBe(lost);
  });

  test.each([
    { why: 'who cannot be reached is asked again', first: unreachable, pauses: [1000] },
    { why: 'who is overloaded, when it says', first: status(429, { 'retry-after': '3' }), pauses: [3000] },
    { why: 'not later than in 30 s', first: status(503, { 'retry-after': '900' }), pauses: [30_000] },
    { why: 'a date is not believed', first: status(504, { 'retry-after': 'Sun, 22 Nov' }), pauses: [1000] },
  ])('$why', async ({ first, pauses }) => {
    const told = world(first, ok);
    expect(await told.collector.send(['1'])).toBe(0);
    expect(told.pauses).toEqual(pauses);
    expect(told.changes.map((each) => each.split(':')[0])).toEqual(['failed', 'resumed']);
  });

  test('five times, and then the spans are lost; it is told once', async () => {
    const { collector, asked, pauses, changes } = world(unreachable);
    expect([await collector.send(['1', '2']), await collector.send(['3'])]).toEqual([2, 1]);
    expect([asked.length, pauses]).toEqual([10, [1000, 2000, 4000, 8000, 1000, 2000, 4000, 8000]]);
    expect(changes).toEqual(['failed: the collector cannot be reached: refused']);
  });

  test.each([400, 401, 404, 500, 307])('a %i is for good', async (code) => {
    const { collector, asked, changes } = world(status(code));
    expect(await collector.send(['1'])).toBe(1);
    expect([asked.length, changes]).toEqual([1, [`failed: the collector answers ${code}`]]);
  });

  test('a key in its address is not told', async () => {
    const { collector, changes } = world(() => Promise.reject(new Error('no way to "http://me:abc@c/v1?key=def"')));
    await collector.send(['1']);
    expect(changes).toEqual(['failed: the collector cannot be reached: no way to "http://***@c/v1?key=***"']);
  });

  test('what is under way is given up in the end', async () => {
    const given = new Collector(
      { endpoint: 'http://collector/', headers: {}, frame: ['[', ']'] },
      {
        fetch: (_, { signal }) =>
          new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('x')))),
        ...{ after: () => {}, onChange: () => {} },
      },
    );
    given.hurry();
    const sent = given.send(['1']);
    given.close();
    expect(await sent).toBe(1);
  });

  test('at the end nothing is tried again', async () => {
    const { collector, asked } = world(unreachable);
    collector.hurry();
    expect(await collector.send(['1'])).toBe(1);
    expect(asked.length).toBe(1);
  });
});
