import { describe, expect, test } from 'vitest';
import type { ProbeResult } from '../health/probe.ts';
import { endpoint, failed, health, named, passed, setUpMembership as setUp } from '../testing/membership.ts';
import type { MembershipSnapshot, MembershipUpdate } from './snapshot.ts';

const last = (updates: readonly MembershipUpdate[]): MembershipUpdate => updates.at(-1)!;

describe('updates', () => {
  test('a subscriber gets everything at once, then each change, in order of version', () => {
    const { time, world, updates, membership } = setUp([endpoint('a'), endpoint('b')], { health });
    time.advance(3);
    world.result = failed;
    time.advance(10_000);
    const late: MembershipUpdate[] = [];
    membership.subscribe((update) => late.push(update));
    expect(updates.map((each) => each.kind)).toEqual(['snapshot', 'change', 'change', 'change', 'change']);
    const versions = updates.map((each) => each.version);
    expect(versions).toEqual([...new Set(versions)].sort((x, y) => x - y));
    expect(late).toMatchObject([
      { kind: 'snapshot', version: last(updates).version, endpoints: [{ health: 'down' }, {}] },
    ]);
  });

  test('they survive structuredClone and say the defaults', () => {
    const [snapshot] = setUp([endpoint('a', { zone: 'z' })]).updates;
    const addresses = [{ kind: 'tcp', host: '10.0.0.1', port: 80 }];
    const state = { mode: 'ready', health: 'unknown', addresses };
    const want = {
      key: 0,
      slot: 0,
      id: 'a',
      weight: 1,
      zone: 'z',
      maxConnections: Number.POSITIVE_INFINITY,
      backup: false,
    };
    expect(structuredClone(snapshot)).toEqual({ kind: 'snapshot', version: 2, endpoints: [{ ...want, ...state }] });
  });

  test('a flip tells of one endpoint, however many there are', () => {
    const many = Array.from({ length: 500 }, (_, index) => endpoint(`e${index}`));
    const { time, updates } = setUp(many, { health });
    time.advance(1000);
    const changes = updates.slice(1);
    expect(changes).toHaveLength(500);
    expect(changes.every((each) => each.kind === 'change' && each.health === 'up')).toBe(true);
  });

  test('who unsubscribed or closed hears nothing more', () => {
    const { membership, updates, events, time } = setUp([endpoint('a')], { health });
    const heard: MembershipUpdate[] = [];
    const unsubscribe = membership.subscribe((update) => heard.push(update));
    unsubscribe();
    membership.setMode('a', 'draining');
    expect(heard).toHaveLength(1);
    membership.close();
    const before = [updates.length, events.length];
    time.advance(5000);
    membership.setMode('a', 'ready');
    membership.setWeight('a', 9);
    expect([updates.length, events.length]).toEqual(before);
    expect(time.pending).toBe(0);
  });
});

describe('health', () => {
  test('every flip is an event with its reason', () => {
    const { time, world, events } = setUp([endpoint('a')], { health });
    time.advance(0);
    world.result = failed;
    time.advance(4000);
    world.result = passed;
    time.advance(4000);
    const flips = events.filter((each) => each.what === 'health');
    expect(flips.map(({ from, to, reason }) => `${from} → ${to}: ${reason}`)).toEqual([
      'unknown → up: status 200',
      'up → down: status 500, expected 200–399',
      'down → up: status 200',
    ]);
    expect(flips[0]).toMatchObject({ pool: 'api', endpoint: 'a' });
  });

  test('initial down serves only after rise successes', () => {
    const { time, membership } = setUp([endpoint('a')], { health: { ...health, initial: 'down' } });
    expect(membership.endpoints()[0]).toMatchObject({ health: 'down', eligible: false });
    time.advance(0);
    expect(membership.endpoints()[0]?.health).toBe('down');
    time.advance(1000);
    expect(membership.endpoints()[0]).toMatchObject({ health: 'up', eligible: true });
  });

  test('a check that could not be run says nothing', () => {
    const notRun: ProbeResult = { kind: 'not-run', reason: 'could not connect: EMFILE' };
    const { time, membership, asked } = setUp([endpoint('a')], { health, result: notRun });
    time.advance(10_000);
    expect(asked.length).toBeGreaterThan(5);
    expect(membership.endpoints()[0]).toMatchObject({ health: 'unknown', eligible: true });
    expect(membership.endpoints()[0]).not.toHaveProperty('lastCheck');
  });

  test('without checks everything stays unknown and no timer is armed', () => {
    const { time, membership } = setUp([endpoint('a')]);
    expect(time.pending).toBe(0);
    expect(membership.endpoints()[0]).toMatchObject({ health: 'unknown', eligible: true });
  });
});

describe('endpoints()', () => {
  test('lists the state of each', () => {
    const { time, membership } = setUp(
      [
        endpoint('a', { weight: 3 }),
        endpoint('b', { address: { kind: 'loopback', port: 3000 }, backup: true }),
        endpoint('c', { address: { kind: 'tcp', host: '::1', port: 80 }, mode: 'maintenance' }),
        endpoint('d', { address: { kind: 'unix', path: '/run/d.sock' } }),
      ],
      { health },
    );
    time.advance(500);
    const lastCheck = { ok: true, reason: 'status 200', latencyMs: 0, at: expect.any(Number) };
    const up = { health: 'up', mode: 'ready', weight: 1, backup: false, eligible: true };
    expect(membership.endpoints()).toMatchObject([
      { ...up, id: 'a', address: '10.0.0.1:80', weight: 3, lastCheck },
      { ...up, id: 'b', address: 'localhost:3000', backup: true },
      { ...up, id: 'c', address: '[::1]:80', mode: 'maintenance', eligible: false },
      { ...up, id: 'd', address: 'unix:/run/d.sock' },
    ]);
  });

  test('checks name the configured host', () => {
    const endpoints = [
      endpoint('a', { address: { kind: 'unix', path: '/run/d.sock' } }),
      endpoint('b', { address: { kind: 'loopback', port: 3000 } }),
    ];
    const { time, asked } = setUp(endpoints, { health });
    time.advance(10);
    expect(asked).toEqual(['localhost', 'localhost:3000']);
  });
});

describe('names', () => {
  test('an address that stays is the same object, as probes remember what they know of it', () => {
    const { membership, names, updates } = setUp([endpoint('a', named('api.test'))]);
    const addressNow = () => {
      names.get('api.test')!({ addresses: ['10.0.0.7'] });
      membership.subscribe((update) => updates.push(update))();
      return (last(updates) as MembershipSnapshot).endpoints[0]?.addresses[0];
    };
    const first = addressNow();
    expect(first).toMatchObject({ host: '10.0.0.7' });
    expect(addressNow()).toBe(first);
  });

  test('an unresolved endpoint is not eligible and not checked; its addresses make it both', async () => {
    const { membership, names, updates, asked, time, events } = setUp([endpoint('a', named('api.test'))], { health });
    time.advance(5000);
    expect([asked, membership.endpoints()[0]?.eligible]).toEqual([[], false]);
    names.get('api.test')!({ addresses: ['10.0.0.7', '::7'] });
    const addresses = ['10.0.0.7', '::7'].map((host) => ({ kind: 'tcp', host, port: 80 }));
    expect(last(updates)).toMatchObject({ kind: 'change', addresses });
    expect(events.at(-1)).toMatchObject({
      what: 'addresses',
      from: '',
      to: '10.0.0.7:80 [::7]:80',
      reason: 'resolved',
    });
    time.advance(0);
    expect([asked, membership.endpoints()[0]?.eligible]).toEqual([['api.test:80'], true]);
    await membership.settled;
  });

  test('addresses that change later are checked by the same checker', () => {
    const { names, asked, time } = setUp([endpoint('a', named('api.test'))], { health });
    for (const host of ['10.0.0.7', '10.0.0.8']) names.get('api.test')!({ addresses: [host] });
    time.advance(0);
    expect(asked).toHaveLength(1);
  });

  test('a failure is an event and changes nothing', () => {
    const { names, updates, events } = setUp([endpoint('a', named('api.test'))]);
    names.get('api.test')!({ addresses: ['10.0.0.7'] });
    const before = updates.length;
    names.get('api.test')!({ addresses: ['10.0.0.7'], failure: 'ETIMEOUT' });
    expect(updates).toHaveLength(before);
    const kept = { what: 'addresses', from: '10.0.0.7:80', to: '10.0.0.7:80' };
    expect(events.at(-1)).toMatchObject({ ...kept, reason: 'could not be resolved: ETIMEOUT' });
  });

  test('settled waits for every first answer, be it a failure', async () => {
    const { names, membership } = setUp([
      endpoint('a', named('a.test')),
      endpoint('b', named('b.test')),
      endpoint('c'),
    ]);
    const order: string[] = [];
    const settled = membership.settled.then(() => order.push('settled'));
    names.get('a.test')!({ addresses: ['10.0.0.7'] });
    await Promise.resolve();
    order.push('one answered');
    names.get('b.test')!({ addresses: [], failure: 'ENOTFOUND' });
    await settled;
    expect(order).toEqual(['one answered', 'settled']);
  });
});
