import { describe, expect, test } from 'vitest';
import { fakeScheduler } from '../testing/fake-scheduler.ts';
import { type AddressRecord, createResolver, type Lookups, type Resolution } from './resolver.ts';

type Family = readonly AddressRecord[] | string;
/** What the name servers and the system say now; a string is an error code. */
interface World {
  v4: Family;
  v6: Family;
  system: readonly string[] | string;
}

const record = (address: string, ttl = 10): AddressRecord => ({ address, ttl });
const answer = async <T>(what: T | string): Promise<T> => {
  if (typeof what === 'string') throw Object.assign(new Error(what), { code: what });
  return what;
};
/** Lets every promise that can go on do so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function setUp(given: Partial<World>, host = 'api.test') {
  const world: World = { v4: 'ENODATA', v6: 'ENODATA', system: 'ENOTFOUND', ...given };
  const time = fakeScheduler();
  const asked: string[] = [];
  const ask = <T>(question: string, what: T | string): Promise<T> => {
    asked.push(question);
    return answer(what);
  };
  const lookups: Lookups = {
    resolve4: (name) => ask(`4 ${name}`, world.v4),
    resolve6: (name) => ask(`6 ${name}`, world.v6),
    lookup: (name) => ask(`system ${name}`, world.system),
  };
  const resolver = createResolver({ scheduler: time, lookups });
  const told: Resolution[] = [];
  const watch = resolver.watch(host, (resolution) => told.push(resolution));
  await settled();
  const advance = async (ms: number) => {
    time.advance(ms);
    await settled();
  };
  return { world, time, asked, told, resolver, watch, advance };
}

describe('createResolver', () => {
  test.each<{ why: string; host?: string; given: Partial<World>; want: Resolution }>([
    {
      why: 'IPv4 before IPv6',
      given: { v6: [record('::2')], v4: [record('10.0.0.1')] },
      want: { addresses: ['10.0.0.1', '::2'] },
    },
    { why: 'one family is enough', given: { v4: 'ESERVFAIL', v6: [record('::2')] }, want: { addresses: ['::2'] } },
    {
      why: 'the hosts file when there is no record',
      given: { system: ['10.9.9.9'] },
      want: { addresses: ['10.9.9.9'] },
    },
    { why: 'a failure', given: {}, want: { addresses: [], failure: 'ENOTFOUND' } },
    { why: 'an empty answer is a failure', given: { system: [] }, want: { addresses: [], failure: 'no address' } },
    {
      why: 'localhost never goes to a name server',
      host: 'localhost',
      given: { v4: [record('6.6.6.6')], system: ['127.0.0.1'] },
      want: { addresses: ['127.0.0.1'] },
    },
  ])('$why', async ({ host, given, want }) => {
    expect((await setUp(given, host)).told).toEqual([want]);
  });

  test.each([
    { why: 'the shortest TTL', v4: [record('10.0.0.1', 60), record('10.0.0.2', 5)], ms: 5000 },
    { why: 'at least a second', v4: [record('10.0.0.1', 0)], ms: 1000 },
    { why: 'at most an hour', v4: [record('10.0.0.1', 86_400)], ms: 3_600_000 },
    { why: 'half a minute without a TTL', v4: 'ENODATA', ms: 30_000 },
  ])('asks again after $why', async ({ v4, ms }) => {
    const { asked, advance } = await setUp({ v4, system: ['10.0.0.1'] });
    const once = asked.length;
    await advance(ms - 1);
    expect(asked).toHaveLength(once);
    await advance(1);
    expect(asked).toHaveLength(2 * once);
  });

  test('tells only what changed, and addresses that stay keep their place', async () => {
    const { world, told, advance } = await setUp({ v4: [record('10.0.0.1'), record('10.0.0.2')] });
    world.v4 = [record('10.0.0.2'), record('10.0.0.1')];
    await advance(10_000);
    expect(told).toHaveLength(1);
    world.v4 = [record('10.0.0.3'), record('10.0.0.2')];
    await advance(10_000);
    expect(told.at(-1)).toEqual({ addresses: ['10.0.0.2', '10.0.0.3'] });
  });

  test('a failure keeps what is known, is told once, and backs off to 30 s', async () => {
    const { world, told, asked, advance } = await setUp({ v4: [record('10.0.0.1')] });
    Object.assign(world, { v4: 'ETIMEOUT', v6: 'ETIMEOUT', system: 'EAI_AGAIN' });
    await advance(10_000);
    for (const ms of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      const before = asked.length;
      await advance(ms - 1);
      expect(asked).toHaveLength(before);
      await advance(1);
      expect(asked).toHaveLength(before + 3);
    }
    expect(told).toEqual([{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.1'], failure: 'EAI_AGAIN' }]);
    world.v4 = [record('10.0.0.1')];
    await advance(30_000);
    expect(told.at(-1)).toEqual({ addresses: ['10.0.0.1'] });
    world.v4 = 'ETIMEOUT';
    await advance(10_000);
    const before = asked.length;
    await advance(1000);
    expect(asked.length).toBeGreaterThan(before);
  });

  test.each([
    { why: 'a family that cannot be asked keeps its addresses', v6: 'ETIMEOUT', want: ['10.0.0.1', '::2'] },
    { why: 'a family without records loses them', v6: 'ENODATA', want: ['10.0.0.1'] },
  ])('$why', async ({ v6, want }) => {
    const { world, told, advance } = await setUp({ v4: [record('10.0.0.1')], v6: [record('::2')] });
    world.v6 = v6;
    await advance(10_000);
    expect(told.at(-1)).toEqual({ addresses: want });
  });

  test('watchers of one name share its resolution; a late one hears of it at once', async () => {
    const { resolver, asked } = await setUp({ v4: [record('10.0.0.1')] });
    const told: Resolution[] = [];
    resolver.watch('api.test', (resolution) => told.push(resolution));
    expect(told).toEqual([{ addresses: ['10.0.0.1'] }]);
    expect(asked).toEqual(['4 api.test', '6 api.test']);
  });

  test('asks no more once nobody watches, and anew when somebody does again', async () => {
    const { resolver, watch, time, asked } = await setUp({ v4: [record('10.0.0.1')] });
    watch.stop();
    expect(time.pending).toBe(0);
    resolver.watch('api.test', () => {});
    await settled();
    expect(asked).toHaveLength(4);
  });

  test('close ends it, also with an answer under way', async () => {
    const { resolver, told, time } = await setUp({ v4: [record('10.0.0.1')] });
    resolver.watch('other.test', (resolution) => told.push(resolution));
    resolver.close();
    await settled();
    expect([time.pending, told.length]).toEqual([0, 1]);
  });
});
