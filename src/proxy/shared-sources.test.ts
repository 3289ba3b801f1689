import { describe, expect, test } from 'vitest';
import { seededRng } from '../core/testing/rng.ts';
import { countSources, createSourceMemory, releaseSources } from './shared-sources.ts';

describe('sources of two workers', () => {
  function setUp(seed = 1) {
    const memory = createSourceMemory(2, seed);
    return { memory, one: countSources(memory, 0, 'web'), other: countSources(memory, 1, 'web') };
  }

  test('are counted together, each by its address and listener', () => {
    const { memory, one, other } = setUp();
    expect([one.enter('10.0.0.1'), other.enter('10.0.0.1'), other.enter('10.0.0.2')]).toEqual([1, 2, 1]);
    expect(countSources(memory, 0, 'mail').enter('10.0.0.1')).toBe(1);
    one.leave('10.0.0.1');
    expect(other.enter('10.0.0.1')).toBe(2);
  });

  test('what a worker had that died is gone', () => {
    const { memory, one, other } = setUp();
    for (let i = 0; i < 3; i++) one.enter('10.0.0.1');
    other.enter('10.0.0.1');
    releaseSources(memory, 0);
    expect(other.enter('10.0.0.1')).toBe(2);
    other.leave('10.0.0.1');
    other.leave('10.0.0.1');
    expect(memory.words.every((word) => word === 0)).toBe(true);
  });

  // A cell is taken by one of n others with p = 1 − (1 − 1/16384)^n, an address by four with p⁴: 1.2e-5 for 1,000, 0.044 for
  // 10,000. Bounds: 20 tables of 1,000 have 0.25 such addresses on average, 9 or more with a chance below 1e-10; one of 10,000
  // has at most 435 in the end, fewer while it fills, and 600 is 8 standard deviations above.
  test.each([
    { addresses: 1000, tables: 20, atMost: 8 },
    { addresses: 10_000, tables: 1, atMost: 600 },
  ])('$addresses: never too few, seldom too many', ({ addresses, tables, atMost }) => {
    const rng = seededRng(7);
    let above = 0;
    for (let table = 0; table < tables; table++) {
      const { one } = setUp(rng.below(2 ** 31));
      for (let i = 0; i < addresses; i++) {
        const count = one.enter(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
        expect(count).toBeGreaterThanOrEqual(1);
        if (count > 1) above++;
      }
    }
    expect(above).toBeLessThanOrEqual(atMost);
  });
});
