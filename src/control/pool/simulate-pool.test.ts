import { describe, expect, test } from 'vitest';
import { type PoolSimulation, simulatePool } from './simulate-pool.ts';

const base: PoolSimulation = {
  endpoints: ['a', 'b', 'c', 'd'].map((id) => ({ id, latencyMs: 10 })),
  requestsPerSecond: 500,
  durationMs: 10_000,
};

/** `base`, but for the last endpoint. */
const withLast = (last: Partial<PoolSimulation['endpoints'][number]>): PoolSimulation => ({
  ...base,
  endpoints: [...base.endpoints.slice(0, 3), { id: 'd', latencyMs: 10, ...last }],
});

describe('simulatePool', () => {
  test('shares out evenly what is even', () => {
    const run = simulatePool({ ...base, pool: { policy: 'round-robin' } });
    // Poisson: 5000 ± 5 standard deviations of √5000.
    expect(Math.abs(run.requests - 5000)).toBeLessThan(5 * Math.sqrt(5000));
    for (const id of ['a', 'b', 'c', 'd']) expect(run.share(id)).toBeCloseTo(0.25, 3);
    expect([run.failures, run.p50Ms, run.maxMs]).toEqual([0, expect.closeTo(10), expect.closeTo(10)]);
  });

  test('is the same for the same seed, and another for another', () => {
    const draw = (seed: number) => simulatePool({ ...base, pool: { policy: 'random' }, seed }).share('a');
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
  });

  test('a replica that slows ten-fold loses its share to a policy that looks at latency', () => {
    const slows = withLast({ latencyMs: (atMs) => (atMs < 5000 ? 10 : 100) });
    const run = simulatePool({ ...slows, pool: { policy: 'least-response-time' } });
    expect(run.share('d', 0, 5000)).toBeGreaterThan(0.2);
    expect(run.share('d', 8000)).toBeLessThan(0.05);
    const blind = simulatePool({ ...slows, pool: { policy: 'round-robin' } });
    expect(blind.share('d', 8000)).toBeGreaterThan(0.2);
  });

  test('requests wait for a place', () => {
    // 125 a second for each, of which one place at 10 ms serves 100: the line grows.
    const run = simulatePool({ ...withLast({ concurrency: 1 }), pool: { policy: 'round-robin' } });
    expect(run.maxMs).toBeGreaterThan(1000);
    expect(run.between(0, 1000).maxMs).toBeLessThan(run.maxMs);
  });

  test('guards act in virtual time, and are told with it', () => {
    const run = simulatePool({
      ...withLast({ errorRate: (atMs) => (atMs < 2000 ? 1 : 0) }),
      pool: { policy: 'round-robin', circuitBreaker: { failures: 3, openForMs: 3000 } },
    });
    expect(run.events.map((each) => each.what === 'breaker' && each.to)).toEqual(['open', 'half-open', 'closed']);
    expect(run.events[0]!.atMs).toBeLessThan(500);
    expect(run.events[1]!.atMs - run.events[0]!.atMs).toBeGreaterThanOrEqual(3000);
    expect(run.share('d', 500, 3000)).toBe(0);
    expect(run.share('d', 5000)).toBeCloseTo(0.25, 2);
    expect(run.failures).toBe(3);
  });

  test('changes happen at their time, and requests say who they are', () => {
    const run = simulatePool({
      ...base,
      pool: { policy: 'ring-hash' },
      request: () => ({ key: 'one' }),
      changes: [{ atMs: 5000, apply: (pool) => pool.setMode(pool.pickMany('one', 1)[0]!.id, 'draining') }],
    });
    const shares = ['a', 'b', 'c', 'd'].map((id) => [run.share(id, 0, 5000), run.share(id, 5000)]);
    expect(shares.filter(([before, after]) => before === 1 && after === 0)).toHaveLength(1);
    expect(shares.filter(([before, after]) => before === 0 && after === 1)).toHaveLength(1);
  });

  test('nobody to ask is a failure', () => {
    const run = simulatePool({ ...base, endpoints: [{ id: 'a', latencyMs: 1, mode: 'draining' }] });
    expect([run.failures, run.share('a')]).toEqual([run.requests, 0]);
  });

  test.each([
    ['no rate', { ...base, requestsPerSecond: 0 }, 'requestsPerSecond is 0'],
    ['no time', { ...base, durationMs: -1 }, 'durationMs is -1'],
    ['no place', withLast({ concurrency: 0 }), 'd.concurrency is 0'],
    ['no latency', withLast({ latencyMs: Number.NaN }), 'd.latencyMs is NaN'],
  ])('refuses %s', (_why, simulation, want) => expect(() => simulatePool(simulation)).toThrow(want));

  test('and a share of a stranger', () => expect(() => simulatePool(base).share('x')).toThrow('"x"'));
});
