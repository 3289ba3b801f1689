import { describe, expect, test } from 'vitest';
import { EquipoiseError } from '../../core/kernel/errors.ts';
import type { PolicyDefinition } from '../../core/kernel/policy.ts';
import type { Candidate } from '../../core/load/function-policy.ts';
import { fakeClock } from '../../core/testing/fake-clock.ts';
import { createPool } from './create-pool.ts';
import type { EndpointInput } from './endpoint-input.ts';
import type { Picked, PickOutcome } from './pick.ts';
import type { Pool, PoolEvent, PoolRequest } from './pool.ts';
import type { PoolInput } from './pool-input.ts';

const fine = { ok: true, latencyMs: 1 };
const three = ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'];

/** Throws where nothing was picked. */
function take(pool: Pool, request?: PoolRequest): Picked {
  const picked = pool.pick(request);
  if (picked.none !== undefined) throw new Error(picked.none);
  return picked;
}

const idsOf = (pool: Pool, count: number, request?: PoolRequest): string[] =>
  Array.from({ length: count }, () => {
    const picked = take(pool, request);
    picked.done(fine);
    return picked.endpoint.id;
  });

/** What a call is refused with: `code: message`. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return error instanceof EquipoiseError ? `${error.code}: ${error.message}` : `no EquipoiseError: ${error}`;
  }
  return 'accepted';
}

describe('createPool', () => {
  test('can be picked from at once, and round-robin takes turns', () => {
    const ids = idsOf(createPool({ policy: 'round-robin', endpoints: three }), 6);
    expect(new Set(ids)).toEqual(new Set(three));
    expect(ids.slice(3)).toEqual(ids.slice(0, 3));
  });

  test.each<{ input: EndpointInput; id: string; address: string; origin: string }>([
    { input: '10.0.0.1:80', id: '10.0.0.1:80', address: '10.0.0.1:80', origin: 'http://10.0.0.1:80' },
    {
      input: 'api.internal:3000',
      id: 'api.internal:3000',
      address: 'api.internal:3000',
      origin: 'http://api.internal:3000',
    },
    { input: 'http://a:3000', id: 'http://a:3000', address: 'a:3000', origin: 'http://a:3000' },
    { input: 'https://a/', id: 'https://a/', address: 'a:443', origin: 'https://a' },
    { input: 'http://[::1]:81', id: 'http://[::1]:81', address: '[::1]:81', origin: 'http://[::1]:81' },
    { input: '[::1]:81', id: '[::1]:81', address: '[::1]:81', origin: 'http://[::1]:81' },
    { input: 3000, id: '3000', address: 'localhost:3000', origin: 'http://localhost:3000' },
    { input: 'unix:/run/a.sock', id: 'unix:/run/a.sock', address: 'unix:/run/a.sock', origin: 'http://localhost' },
    { input: { id: 'a', address: 'h:1' }, id: 'a', address: 'h:1', origin: 'http://h:1' },
  ])('reads $input', ({ input, ...want }) => {
    expect(take(createPool({ endpoints: [input] })).endpoint).toEqual(want);
  });

  test.each<{ why: string; input: unknown; want: string }>([
    { why: 'nothing', input: {}, want: 'config-invalid: createPool has no endpoints; give it some' },
    { why: 'no list', input: { endpoints: 'a:1' }, want: 'config-invalid: endpoints is "a:1"; write a list' },
    { why: 'null', input: { endpoints: null }, want: 'config-invalid: endpoints is null; write a list' },
    { why: 'half a subset', input: { endpoints: [], subset: { size: 1 } }, want: 'subset.balancer is undefined' },
    { why: 'no size', input: { endpoints: [], subset: { balancer: 0 } }, want: 'subset.size is undefined' },
    { why: 'a seed in text', input: { endpoints: [], seed: 'x' }, want: 'seed is "x"; write a number' },
    { why: 'no clock', input: { endpoints: [], clock: {} }, want: 'clock has no now()' },
    { why: 'no rng', input: { endpoints: [], rng: {} }, want: 'rng has no next() and below()' },
    {
      why: 'a shrinking open time',
      input: { endpoints: [], circuitBreaker: { openForMs: 500, maxOpenForMs: 400 } },
      want: 'config-invalid: circuitBreaker.maxOpenForMs is 400; write a number from 500',
    },
    {
      why: 'an unknown key',
      input: { endpoints: [], polcy: 'p2c' },
      want: 'unknown key "polcy"; did you mean "policy"?',
    },
    {
      why: 'an unknown key of an endpoint',
      input: { endpoints: ['a:1', { address: 'b:1', wieght: 2 }] },
      want: 'endpoints[1] has an unknown key "wieght"; did you mean "weight"?',
    },
    {
      why: 'a repeated id',
      input: { endpoints: ['a:1', 'a:1'] },
      want: 'endpoints[1] has the id "a:1" of endpoints[0]',
    },
    { why: 'a bad weight', input: { endpoints: [{ address: 'a:1', weight: -1 }] }, want: 'endpoints[0].weight is -1' },
    {
      why: 'a weight that is no number',
      input: { endpoints: [{ address: 'a:1', weight: Number.NaN }] },
      want: 'is NaN',
    },
    {
      why: 'a bad mode',
      input: { endpoints: [{ address: 'a:1', mode: 'drain' }] },
      want: 'endpoints[0].mode is "drain"',
    },
    { why: 'no port', input: { endpoints: ['name'] }, want: 'endpoints[0] has no good address' },
    { why: 'port 0', input: { endpoints: ['name:0'] }, want: '"name:0" names no port' },
    { why: 'a path', input: { endpoints: ['http://a:1/x'] }, want: 'more than an origin; write "http://a:1"' },
    { why: 'another scheme', input: { endpoints: ['ftp://a:1'] }, want: 'write http://host:port' },
    {
      why: 'an unknown policy',
      input: { endpoints: [], policy: 'round-robbin' },
      want: 'policy-unknown: there is no policy "round-robbin"; did you mean "round-robin"?',
    },
    { why: 'no policy', input: { endpoints: [], policy: 7 }, want: 'policy is 7; write a type' },
    {
      why: 'health as data',
      input: { endpoints: [], health: { type: 'http' } },
      want: "write healthChecks({ … }) of 'equipoise/health'",
    },
  ])('refuses $why', ({ input, want }) => {
    expect(refusal(() => createPool(input as PoolInput))).toContain(want);
  });

  test('the same seed repeats the same draws', () => {
    const draws = (seed: number) => idsOf(createPool({ endpoints: three, policy: 'random', seed }), 50).join();
    expect(draws(7)).toBe(draws(7));
    expect(draws(7)).not.toBe(draws(8));
  });
});

describe('a pick', () => {
  test('is done once', () => {
    const pool = createPool({ endpoints: ['a:1'] });
    const picked = take(pool);
    picked.done(fine);
    expect(refusal(() => picked.done(fine))).toBe('contract-broken: the pick of a:1 is done already');
    expect(pool.endpoints[0]!.inFlight).toBe(0);
  });

  test.each([
    { why: 'nothing', outcome: undefined, want: 'done of a:1: it was given undefined; write { ok, latencyMs }' },
    { why: 'no ok', outcome: {}, want: 'ok is undefined; write true or false' },
    {
      why: 'a latency of NaN',
      outcome: { ok: true, latencyMs: Number.NaN },
      want: 'latencyMs is NaN; write milliseconds',
    },
    {
      why: 'an endless latency',
      outcome: { ok: true, latencyMs: Number.POSITIVE_INFINITY },
      want: 'latencyMs is Infinity',
    },
    { why: 'a latency in text', outcome: { ok: true, latencyMs: '12' }, want: 'latencyMs is "12"' },
    {
      why: 'an empty report',
      outcome: { ok: true, report: {} },
      want: 'report.utilization is undefined; write a number',
    },
  ])('done with $why is refused, and has ended; its endpoint is not judged', ({ outcome, want }) => {
    const pool = createPool({ endpoints: ['a:1'], policy: 'peak-ewma', circuitBreaker: { failures: 1 } });
    const picked = take(pool);
    expect(refusal(() => picked.done(outcome as PickOutcome))).toContain(want);
    expect(pool.endpoints[0]).toMatchObject({ inFlight: 0, breaker: 'closed' });
    expect(refusal(() => picked.done(fine))).toContain('is done already');
  });

  test('that lost itself says so', () => {
    const { done } = take(createPool({ endpoints: ['a:1'] }));
    expect(refusal(() => done(fine))).toContain('contract-broken: done lost its pick');
  });

  test('counts in flight until it is done', () => {
    const pool = createPool({ endpoints: [{ address: 'a:1', maxConnections: 1 }] });
    const picked = take(pool);
    expect(pool.pick()).toEqual({ none: 'all-at-limit' });
    picked.done(fine);
    expect(take(pool).endpoint.id).toBe('a:1');
  });

  test('does not return to what was tried', () => {
    const pool = createPool({ endpoints: three });
    const tried = [take(pool).endpoint];
    tried.push(take(pool, { tried }).endpoint);
    tried.push(take(pool, { tried }).endpoint);
    expect(new Set(tried.map((each) => each.id)).size).toBe(3);
    expect(pool.pick({ tried })).toEqual({ none: 'all-tried' });
  });

  test('follows the key', () => {
    const pool = createPool({ endpoints: three, policy: { type: 'ring-hash', virtualNodes: 10 } });
    expect(new Set(idsOf(pool, 9, { key: 'user-1' })).size).toBe(1);
    const ids = pool.pickMany('user-1', 3).map((each) => each.id);
    expect(new Set(ids)).toEqual(new Set(three));
    expect(ids[0]).toBe(idsOf(pool, 1, { key: 'user-1' })[0]);
    expect(refusal(() => createPool({ endpoints: three, policy: 'p2c' }).pickMany('x', 2))).toContain(
      'contract-broken',
    );
  });

  test.each<{ endpoints: EndpointInput[]; none: string }>([
    { endpoints: [], none: 'no-endpoints' },
    { endpoints: [{ address: 'a:1', mode: 'draining' }], none: 'none-eligible' },
  ])('of nobody: $none', ({ endpoints, none }) => expect(createPool({ endpoints }).pick()).toEqual({ none }));
});

describe('an own policy', () => {
  const slowest = (candidates: readonly Candidate[]) =>
    candidates.reduce((worst, each) => (each.latencyMs > worst.latencyMs ? each : worst));

  test('is asked with what is known of each candidate', () => {
    const seen: string[] = [];
    const pool = createPool({
      endpoints: three,
      policy: ({ key }, candidates) => {
        seen.push(`${key} ${candidates.map((each) => `${each.inFlight}/${each.latencyMs}/${each.failures}`).join()}`);
        return slowest(candidates);
      },
    });
    take(pool, { key: 'x' }).done({ ok: true, latencyMs: 7 });
    take(pool, { key: 'y' });
    expect(seen).toEqual(['x 0/-1/0,0/-1/0,0/-1/0', 'y 0/7/0,0/-1/0,0/-1/0']);
    expect(pool.policy).toBe('policy');
  });

  test.each([
    {
      why: 'throws',
      answer: () => {
        throw new Error('oops');
      },
      want: 'the function threw Error: oops',
    },
    {
      why: 'answers nothing',
      answer: () => undefined,
      want: 'the function answered undefined, which is none of its 3 candidates',
    },
    {
      why: 'answers an index beyond',
      answer: () => 3,
      want: 'the function answered 3, which is none of its 3 candidates',
    },
    {
      why: 'answers a fraction',
      answer: () => 0.5,
      want: 'the function answered 0.5, which is none of its 3 candidates',
    },
  ])('that $why leaves it to least-connections and is reported once', ({ answer, want }) => {
    const pool = createPool({ endpoints: three, policy: answer });
    const events: PoolEvent[] = [];
    pool.subscribe((event) => events.push(event));
    const ids = [take(pool), take(pool), take(pool)].map((each) => each.endpoint.id);
    expect(new Set(ids).size).toBe(3);
    expect(events).toMatchObject([{ what: 'policy', reason: want }]);
  });

  test('is a definition, whose options lie beside it', () => {
    const nth: PolicyDefinition<'nth', { type: 'nth'; n: number }> = {
      type: 'nth',
      create: ({ n }) => {
        let slots: number[] = [];
        return {
          update: (members) => {
            slots = members.map((each) => each.slot);
          },
          setEligible() {},
          pick: () => slots[n] ?? -1,
          done() {},
        };
      },
    };
    const pool = createPool({ endpoints: three, policy: { ...nth, n: 1 } as PolicyDefinition });
    expect(idsOf(pool, 2)).toEqual(['10.0.0.2:80', '10.0.0.2:80']);
  });
});

describe('a pool that changes', () => {
  test('keeps what was learned of endpoints that stay', () => {
    const pool = createPool({ endpoints: ['a:1', 'b:1'], policy: { type: 'least-response-time', initialMs: 50 } });
    for (let i = 0; i < 20; i++) {
      const picked = take(pool);
      picked.done({ ok: true, latencyMs: picked.endpoint.id === 'a:1' ? 500 : 5 });
    }
    pool.update({ endpoints: ['b:1', 'a:1', { address: 'c:1', weight: 0 }] });
    expect(new Set(idsOf(pool, 9))).toEqual(new Set(['b:1']));
    expect(pool.endpoints.map((each) => each.id)).toEqual(['b:1', 'a:1', 'c:1']);
  });

  test('takes another policy while picks are under way', () => {
    const pool = createPool({ endpoints: three, policy: 'random' });
    const before = take(pool);
    pool.update({ policy: 'round-robin' });
    before.done(fine);
    expect(new Set(idsOf(pool, 3)).size).toBe(3);
    expect(pool.policy).toBe('round-robin');
    expect(pool.endpoints.every((each) => each.inFlight === 0)).toBe(true);
  });

  test('is unchanged by a change that is refused', () => {
    const pool = createPool({ endpoints: three, policy: 'random' });
    expect(refusal(() => pool.update({ endpoints: ['a:1'], policy: 'nope' as 'p2c' }))).toContain('policy-unknown');
    expect(refusal(() => pool.update({ endpoints: ['a'], policy: 'p2c' }))).toContain('config-invalid');
    expect([pool.policy, pool.endpoints.length]).toEqual(['random', 3]);
  });

  test('an endpoint that left may still be done, and another may take its place', () => {
    const pool = createPool({ endpoints: ['a:1'] });
    const before = take(pool);
    pool.update({ endpoints: ['b:1'] });
    const after = take(pool);
    before.done(fine);
    expect([before.endpoint.id, after.endpoint.id]).toEqual(['a:1', 'b:1']);
  });

  test('another origin of the same address is another endpoint object', () => {
    const pool = createPool({ endpoints: [{ id: 'a', address: 'http://a:443' }] });
    pool.update({ endpoints: [{ id: 'a', address: 'https://a' }] });
    expect(take(pool).endpoint.origin).toBe('https://a');
  });

  test('modes and weights are set, and every change is told', () => {
    const pool = createPool({ name: 'api', endpoints: ['a:1', 'b:1'], policy: 'round-robin' });
    const events: string[] = [];
    const stop = pool.subscribe((event) =>
      events.push(event.what === 'policy' ? '' : `${event.endpoint} ${event.what} ${event.to}`),
    );
    pool.setMode('a:1', 'draining');
    expect(new Set(idsOf(pool, 4))).toEqual(new Set(['b:1']));
    pool.setMode('a:1', 'ready');
    pool.setWeight('b:1', 0);
    expect(new Set(idsOf(pool, 4))).toEqual(new Set(['a:1']));
    stop();
    pool.setWeight('b:1', 2);
    expect(events).toEqual(['a:1 mode draining', 'a:1 mode ready', 'b:1 weight 0']);
    expect(pool.endpoints[1]).toMatchObject({
      weight: 2,
      mode: 'ready',
      health: 'unknown',
      eligible: true,
      inFlight: 0,
    });
    expect(refusal(() => pool.setMode('c:1', 'ready'))).toBe('endpoint-unknown: pool api has no endpoint "c:1"');
    expect(refusal(() => pool.setWeight('a:1', -1))).toContain('weight is -1');
  });

  test('closed, it picks no more, but lets picks end', () => {
    const pool = createPool({ endpoints: ['a:1'] });
    const picked = take(pool);
    pool.close();
    pool.close();
    picked.done(fine);
    expect(refusal(() => pool.pick())).toBe('contract-broken: pool pool is closed');
  });
});

describe('discovery', () => {
  test('brings endpoints at any time until the pool closes', () => {
    let found: (endpoints: readonly EndpointInput[]) => void = () => {};
    let stopped = 0;
    const pool = createPool({
      discovery: {
        start: (listener) => {
          found = listener;
          return { stop: () => void stopped++ };
        },
      },
    });
    expect(pool.pick()).toEqual({ none: 'no-endpoints' });
    found(['a:1']);
    expect(take(pool).endpoint.id).toBe('a:1');
    expect(refusal(() => pool.update({ endpoints: [] }))).toContain('which discovery finds here');
    pool.close();
    expect(stopped).toBe(1);
  });

  test('that loses its mind does not empty the pool, unless it stays so', async () => {
    let found: (endpoints: readonly EndpointInput[]) => void = () => {};
    const discovery = {
      start: (listener: typeof found) => {
        found = listener;
        return { stop() {} };
      },
    };
    const pool = createPool({ discovery, preservation: { above: 0.5, graceMs: 20 } });
    const events: PoolEvent[] = [];
    const believed = new Promise<void>((resolve) => {
      pool.subscribe((event) => {
        events.push(event);
        if (event.what === 'preservation' && event.to === 'off') resolve();
      });
    });
    found(three);
    found([]);
    expect(idsOf(pool, 9)).toEqual(expect.arrayContaining([...three]));
    await believed;
    expect(pool.pick()).toEqual({ none: 'no-endpoints' });
    const states = events.flatMap((event) => (event.what === 'preservation' ? [event.to] : []));
    expect(states).toEqual(['on', 'off']);
    pool.close();
  });

  test.each([
    [{ endpoints: three, preservation: {} }, 'no discovery'],
    [{ discovery: { start: () => ({ stop() {} }) }, preservation: { above: 2 } }, 'preservation.above'],
    [{ discovery: { start: () => ({ stop() {} }) }, preservation: { grace: 2 } }, 'grace'],
  ])('preservation is checked: %j', (input, want) => {
    expect(refusal(() => createPool(input as PoolInput))).toContain(want);
  });
});

describe('guards', () => {
  const clock = fakeClock();
  const pool = createPool({
    endpoints: three,
    policy: 'round-robin',
    clock,
    circuitBreaker: { failures: 2, openForMs: 1000 },
    outliers: { consecutiveFailures: 0 },
    panic: { below: 0.2 },
    slowStart: { windowMs: 5000 },
  });

  test('are told, seen in the state, and keep a failing endpoint out for a while', () => {
    const events: PoolEvent[] = [];
    pool.subscribe((event) => events.push(event));
    for (let i = 0; i < 6; i++) {
      const picked = take(pool);
      picked.done({ ok: picked.endpoint.id !== three[0], latencyMs: 1 });
    }
    expect(events).toMatchObject([{ pool: 'pool', endpoint: three[0], what: 'breaker', from: 'closed', to: 'open' }]);
    expect(pool.endpoints[0]).toMatchObject({ eligible: false, breaker: 'open', ejected: false });
    expect(idsOf(pool, 9)).not.toContain(three[0]);
    clock.advance(1000);
    expect(pool.endpoints[0]).toMatchObject({ eligible: true, breaker: 'half-open', effectiveWeight: 0.1 });
    expect(idsOf(pool, 3)).toContain(three[0]);
    expect(pool.endpoints[0]).toMatchObject({ breaker: 'closed' });
  });

  test.each<{ given: Partial<PoolInput>; want: string }>([
    { given: { circuitBreaker: { failures: 0 } }, want: 'circuitBreaker.failures is 0; write a number from 1 to 1023' },
    { given: { outliers: { maxEjected: 2 } }, want: 'outliers.maxEjected is 2; write a number from 0 to 1' },
    { given: { slowStart: {} as { windowMs: number } }, want: 'slowStart.windowMs is undefined' },
    { given: { panic: { below: 50 } }, want: 'panic.below is 50' },
    { given: { panic: { bellow: 0.5 } as never }, want: 'panic has an unknown key "bellow"; did you mean "below"?' },
    { given: { subset: { size: 0, balancer: 0 } }, want: 'subset.size is 0' },
  ])('$want', ({ given, want }) => {
    expect(refusal(() => createPool({ endpoints: three, ...given }))).toContain(want);
  });

  test('a cost counts in flight as long as its pick', () => {
    const weighed = createPool({ endpoints: ['a:1'] });
    const picked = take(weighed, { cost: 40 });
    expect(weighed.endpoints[0]!.inFlight).toBe(40);
    picked.done(fine);
    expect(weighed.endpoints[0]!.inFlight).toBe(0);
    expect(refusal(() => weighed.pick({ cost: 0.5 }))).toBe(
      'contract-broken: a cost is 0.5; write a whole number from 1 to 10000',
    );
  });

  test('a subset leaves the others to other balancers', () => {
    const part = createPool({ endpoints: three, subset: { size: 1, balancer: 1 } });
    expect(new Set(idsOf(part, 6)).size).toBe(1);
    expect(part.endpoints.map((each) => each.eligible).sort()).toEqual([false, false, true]);
  });
});
