import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../core/testing/fake-clock.ts';
import { pickRequest } from '../../core/testing/policy-deps.ts';
import { seededRng } from '../../core/testing/rng.ts';
import type { Provider } from '../discovery/provider.ts';
import type { Resolution, Resolver } from '../discovery/resolver.ts';
import type { Probe, ProbeResult } from '../health/probe.ts';
import { Picker } from '../picker/picker.ts';
import type { EndpointOptions, HealthOptions } from '../pool-options.ts';
import { fakeScheduler } from '../testing/fake-scheduler.ts';
import { strictPolicy } from '../testing/strict-policy.ts';
import { createMembership, type MembershipEvent } from './membership.ts';
import type { MembershipSnapshot, MembershipUpdate } from './snapshot.ts';

const passed: ProbeResult = { kind: 'passed', reason: 'status 200' };
const failed: ProbeResult = { kind: 'failed', reason: 'status 500, expected 200–399' };
const health: HealthOptions = {
  type: 'http',
  interval: 1000,
  timeout: 500,
  rise: 2,
  fall: 3,
  initial: 'unknown',
  jitter: 0,
};

function endpoint(id: string, given: Partial<EndpointOptions> = {}): EndpointOptions {
  const address = { kind: 'tcp', host: '10.0.0.1', port: 80 } as const;
  return { id, address, weight: 1, backup: false, mode: 'ready', ...given };
}

const named = (host: string) => ({ address: { kind: 'tcp', host, port: 80 } as const });

interface Given {
  health?: HealthOptions;
  /** What the next checks of every endpoint say. */
  result?: ProbeResult;
}

function setUp(endpoints: readonly EndpointOptions[], given: Given = {}) {
  const time = fakeScheduler();
  const events: MembershipEvent[] = [];
  const updates: MembershipUpdate[] = [];
  const world = { result: given.result ?? passed };
  const asked: string[] = [];
  const probe: Probe = {
    start({ authority }, report) {
      asked.push(authority);
      report(world.result);
      return { stop() {} };
    },
  };
  const names = new Map<string, (resolution: Resolution) => void>();
  const resolver: Resolver = {
    watch(host, listener) {
      names.set(host, listener);
      return { stop: () => void names.delete(host) };
    },
    close() {},
  };
  let provide: (next: readonly EndpointOptions[]) => void = () => {};
  const provider: Provider = {
    start(listener) {
      provide = listener;
      listener(endpoints);
      return { stop() {} };
    },
  };
  const membership = createMembership({
    pool: 'api',
    options: { endpoints: [], ...(given.health !== undefined && { health: given.health }) },
    clock: time,
    rng: seededRng(1),
    scheduler: time,
    resolver,
    probe,
    provider,
    onEvent: (event) => events.push(event),
  });
  membership.subscribe((update) => updates.push(update));
  const replace = (...next: EndpointOptions[]) => provide(next);
  return { time, events, updates, world, asked, names, membership, replace };
}

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
    const want = { key: 0, id: 'a', weight: 1, zone: 'z', maxConnections: Number.POSITIVE_INFINITY, backup: false };
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

describe('mode and weight', () => {
  test('a mode set by a person is a change, an event, and listed', () => {
    const { membership, updates, events } = setUp([endpoint('a')]);
    expect(membership.setMode('a', 'draining', 'deploy')).toBe(true);
    expect(last(updates)).toMatchObject({ kind: 'change', key: 0, mode: 'draining', health: 'unknown' });
    expect(events.at(-1)).toEqual({
      pool: 'api',
      endpoint: 'a',
      what: 'mode',
      from: 'ready',
      to: 'draining',
      reason: 'deploy',
    });
    expect(membership.endpoints()[0]).toMatchObject({ mode: 'draining', eligible: false });
  });

  test('a weight set by a person is a snapshot and an event', () => {
    const { membership, updates, events } = setUp([endpoint('a')]);
    expect(membership.setWeight('a', 5)).toBe(true);
    expect(last(updates)).toMatchObject({ kind: 'snapshot', endpoints: [{ weight: 5 }] });
    expect(events.at(-1)).toMatchObject({ what: 'weight', from: '1', to: '5', reason: 'set by a person' });
  });

  test('what does not change is not told, and an unknown endpoint is said to be one', () => {
    const { membership, updates, events } = setUp([endpoint('a')]);
    const before = [updates.length, events.length];
    expect([membership.setMode('a', 'ready'), membership.setWeight('a', 1)]).toEqual([true, true]);
    expect([membership.setMode('z', 'ready'), membership.setWeight('z', 1)]).toEqual([false, false]);
    expect([updates.length, events.length]).toEqual(before);
  });
});

describe('names', () => {
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

describe('new endpoints', () => {
  const keys = (update: MembershipUpdate) =>
    (update as MembershipSnapshot).endpoints.map((each) => `${each.id}=${each.key}`);

  test('who stays keeps key, health and what was set at run time', () => {
    const { membership, updates, replace, time } = setUp([endpoint('a'), endpoint('b')], { health });
    time.advance(10);
    membership.setMode('a', 'draining');
    membership.setWeight('a', 7);
    replace(endpoint('c'), endpoint('a', { maxConnections: 9 }));
    expect(keys(last(updates))).toEqual(['c=2', 'a=0']);
    const kept = { mode: 'draining', weight: 7, maxConnections: 9, health: 'up' };
    expect(last(updates)).toMatchObject({ endpoints: [{ health: 'unknown' }, kept] });
  });

  test('what the configuration changes wins over what was set at run time', () => {
    const { membership, updates, replace, events } = setUp([endpoint('a')]);
    membership.setWeight('a', 7);
    const before = updates.length;
    replace(endpoint('a', { weight: 2, mode: 'maintenance' }));
    expect(updates).toHaveLength(before + 1);
    expect(last(updates)).toMatchObject({ kind: 'snapshot', endpoints: [{ weight: 2, mode: 'maintenance' }] });
    expect(events.slice(-2)).toMatchObject([{ what: 'mode' }, { what: 'weight', from: '7', to: '2' }]);
  });

  test.each<{ why: string; given: Partial<EndpointOptions> }>([
    { why: 'address', given: named('10.0.0.9') },
    { why: 'role', given: { backup: true } },
  ])('the same id with another $why is another endpoint', ({ given }) => {
    const { updates, replace, time } = setUp([endpoint('a')], { health });
    time.advance(10);
    replace(endpoint('a', given));
    expect(keys(last(updates))).toEqual(['a=1']);
    expect(last(updates)).toMatchObject({ endpoints: [{ health: 'unknown' }] });
  });

  test('who left is neither checked nor resolved any more', () => {
    const { names, replace, time, asked, events } = setUp([endpoint('a', named('a.test')), endpoint('b')], { health });
    time.advance(10);
    replace();
    time.advance(10_000);
    expect([names.size, asked.length, time.pending]).toEqual([0, 1, 0]);
    expect(events.slice(-2)).toMatchObject([
      { endpoint: 'a', to: 'absent' },
      { endpoint: 'b', to: 'absent' },
    ]);
  });

  test('a repeated id is refused, and what was there stays', () => {
    const { replace, membership } = setUp([endpoint('a')]);
    expect(() => replace(endpoint('b'), endpoint('b'))).toThrow("pool api: two endpoints have the id 'b'");
    expect(membership.endpoints().map((each) => each.id)).toEqual(['a']);
  });
});

test('a picker follows its membership', () => {
  const { membership, time, world } = setUp([endpoint('a'), endpoint('b')], { health });
  const picker = new Picker({ pool: 'api', createPolicy: strictPolicy, clock: fakeClock(), rng: seededRng(1) });
  membership.subscribe((update) => picker.apply(structuredClone(update)));
  const ids = () => {
    const slots = Array.from({ length: 4 }, () => picker.pick(pickRequest(), null));
    return [...new Set(slots.map((slot) => (slot < 0 ? picker.noneReason(null) : picker.endpoint(slot).id)))].sort();
  };
  expect(ids()).toEqual(['a', 'b']);
  membership.setMode('a', 'draining');
  expect(ids()).toEqual(['b']);
  world.result = failed;
  time.advance(5000);
  expect(ids()).toEqual(['none-eligible']);
  world.result = passed;
  time.advance(5000);
  expect(ids()).toEqual(['b']);
});
