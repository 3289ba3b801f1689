import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerEvent } from '../server/events.ts';
import { createEventBus, type EventBus } from '../telemetry/events.ts';
import { type Admin, startAdmin } from './admin.ts';
import { adminDeps, ask } from './testing/ask.ts';
import { ServerEvent as Wire } from './wire.ts';

const bind = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
const open = new Set<{ close(): void }>();
afterEach(() => {
  for (const each of open) each.close();
  open.clear();
});

let run = 0;
async function start(events: EventBus<ServerEvent>): Promise<Admin> {
  // Another time of start is another run of the program.
  const admin = await startAdmin(
    { bind },
    adminDeps(() => undefined, { events, wallClock: () => ++run }),
  );
  open.add(admin);
  return admin;
}

const drained = (remaining: number): ServerEvent => ({ at: remaining, kind: 'drained', remaining });

interface Reader {
  /** What came, once there are as many. */
  events(count: number): Promise<readonly { id: string; remaining: number }[]>;
  readonly response: IncomingMessage;
}

async function read({ address }: Admin, lastId?: string): Promise<Reader> {
  const { port } = address as { port: number };
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
  const asked = request({ host: '127.0.0.1', port, path: '/api/v1/events', headers, agent: false });
  asked.on('error', () => {});
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  open.add({ close: () => asked.destroy() });
  response.on('error', () => {});
  const seen: { id: string; remaining: number }[] = [];
  let rest = '';
  let look = () => {};
  response.setEncoding('utf8').on('data', (piece: string) => {
    const frames = (rest + piece).split('\n\n');
    rest = frames.pop()!;
    for (const frame of frames) {
      const [, id, data] = /^id: (.*)\ndata: (.*)$/.exec(frame) ?? [];
      if (data !== undefined) seen.push({ id, ...JSON.parse(data) });
    }
    look();
  });
  const events = (count: number) =>
    new Promise<{ id: string; remaining: number }[]>((resolve) => {
      look = () => seen.length >= count && resolve([...seen]);
      look();
    });
  return { events, response };
}

describe('GET events', () => {
  test('recent ones first, then each as it happens', async () => {
    const events = createEventBus<ServerEvent>();
    events.emit(drained(1));
    const admin = await start(events);
    events.emit(drained(2));
    const reader = await read(admin);
    expect(reader.response.headers['content-type']).toBe('text/event-stream');
    expect((await reader.events(2)).map((each) => each.remaining)).toEqual([1, 2]);
    events.emit(drained(3));
    const seen = await reader.events(3);
    expect(seen.map((each) => each.remaining)).toEqual([1, 2, 3]);
    for (const each of seen) expect(Wire.parse(each)).toMatchObject({ kind: 'drained', level: 'warn' });
    expect(new Set(seen.map((each) => each.id)).size).toBe(3);
  });

  test('a reader that comes back gets what it missed, and nothing twice', async () => {
    const events = createEventBus<ServerEvent>();
    const admin = await start(events);
    for (let i = 1; i <= 3; i++) events.emit(drained(i));
    const [, second] = await (await read(admin)).events(3);
    events.emit(drained(4));
    const again = await read(admin, second!.id);
    expect((await again.events(2)).map((each) => each.remaining)).toEqual([3, 4]);
  });

  test.each(['', 'x', '-1', '9999-2', 'zz-99999999999999999999', '../../etc'])(
    'an id that is not of this run is as none: %j',
    async (lastId) => {
      const events = createEventBus<ServerEvent>();
      const admin = await start(events);
      events.emit(drained(1));
      expect((await (await read(admin, lastId)).events(1)).map((each) => each.remaining)).toEqual([1]);
    },
  );

  test('HEAD ends', async () => {
    const { status, type } = await ask(await start(createEventBus()), '/api/v1/events', { method: 'HEAD' });
    expect([status, type]).toEqual([200, 'text/event-stream']);
  });

  test('the last thousand are kept', async () => {
    const events = createEventBus<ServerEvent>();
    const admin = await start(events);
    for (let i = 1; i <= 1500; i++) events.emit(drained(i));
    const seen = await (await read(admin)).events(1000);
    expect([seen[0]!.remaining, seen.at(-1)!.remaining]).toEqual([501, 1500]);
  });

  test('a line break in an event is no other event', async () => {
    const events = createEventBus<ServerEvent>();
    const admin = await start(events);
    events.emit({ at: 0, kind: 'exception', error: new Error('a\n\nid: 7\ndata: {}\n\n') });
    events.emit(drained(1));
    const seen = await (await read(admin)).events(2);
    expect(seen.map((each) => (each as { kind?: string }).kind)).toEqual(['exception', 'drained']);
    expect(seen[0]).toMatchObject({ error: expect.stringContaining('a\n\nid: 7') });
    expect(seen[0]).toMatchObject({ message: expect.not.stringMatching(/^\s+at /m) });
  });

  test('who goes away is forgotten, and who comes above a hundred is refused', async () => {
    const admin = await start(createEventBus());
    const readers = await Promise.all(Array.from({ length: 100 }, () => read(admin)));
    const refused = await ask(admin, '/api/v1/events');
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '30']);
    readers[0]!.response.destroy();
    // Its end has to arrive first.
    for (;;) {
      const next = await Promise.race([ask(admin, '/api/v1/events'), read(admin)]);
      if (!('status' in next)) break;
    }
  });

  test('one that does not read is cut off, and holds nobody up', async () => {
    const events = createEventBus<ServerEvent>();
    const admin = await start(events);
    const { port } = admin.address as { port: number };
    const slow = connect(port, '127.0.0.1');
    slow.on('error', () => {});
    slow.write('GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(slow, 'data');
    slow.pause();
    let received = 0;
    slow.on('data', (bytes) => (received += bytes.length));
    slow.pause();
    const ended = new Promise<void>((resolve) => void slow.on('close', () => resolve()));
    const reader = await read(admin);
    // 40 MB, of which both sockets hold a few; a reader that reads is at most one event behind.
    for (let i = 1; i <= 400; i++) {
      events.emit({ at: 0, kind: 'state-failed', reason: 'x'.repeat(100_000) });
      await reader.events(i);
    }
    slow.resume();
    await ended;
    expect(received).toBeLessThan(20e6);
  });
});
