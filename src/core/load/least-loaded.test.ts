import { describe, expect, test } from 'vitest';
import { endpoints, seededRng } from '../testing/index.ts';
import { LeastLoaded } from './least-loaded.ts';

/** 5 is compared one by one, 100 is a tournament. */
const SIZES = [5, 100];

function leastOf(size: number, seed = 1) {
  const loads = new Array<number>(size).fill(5);
  const least = new LeastLoaded((slot) => loads[slot]!, seededRng(seed));
  least.update(endpoints(size));
  return { loads, least };
}

const picks = (least: LeastLoaded, count: number) => Array.from({ length: count }, () => least.pick(null));

describe('LeastLoaded', () => {
  test.each(SIZES)('of %i: the least is picked as soon as its change is told', (size) => {
    const { loads, least } = leastOf(size);
    loads[3] = 1;
    least.changed(3);
    expect(least.pick(null)).toBe(3);
  });

  test.each(SIZES)('of %i: a load that rose untold is noticed before the pick', (size) => {
    const { loads, least } = leastOf(size);
    loads.fill(9, 0, size - 1);
    expect(picks(least, 3)).toEqual([size - 1, size - 1, size - 1]);
  });

  test.each(SIZES)('of %i: a load that fell untold is noticed within n/2 picks', (size) => {
    const { loads, least } = leastOf(size);
    loads[3] = 9;
    least.changed(3);
    loads[3] = 1;
    expect(picks(least, size / 2 + 1)).toContain(3);
  });

  test.each(SIZES)('of %i: the ineligible and the gone stay out, told or not', (size) => {
    const { loads, least } = leastOf(size);
    loads.fill(0, 0, 2);
    least.setEligible(0, false);
    least.update(endpoints(size).filter(({ slot }) => slot !== 1));
    for (const slot of [0, 1, 4000]) least.changed(slot);
    for (const slot of picks(least, 2 * size)) expect([0, 1]).not.toContain(slot);
    least.setEligible(0, true);
    expect(least.pick(null)).toBe(0);
  });

  test.each(SIZES)('of %i: one that served alone for long has its turn again soon', (size) => {
    const { loads, least } = leastOf(size);
    loads[0] = 1;
    least.changed(0);
    picks(least, 1000);
    loads[0] = 5;
    least.changed(0);
    const once = picks(least, size - 1);
    expect(new Set(once).size).toBe(size - 1);
    expect(once).not.toContain(0);
    expect(picks(least, size)).toContain(0);
  });

  test.each(SIZES)('of %i: workers do not all begin with the same', (size) => {
    const first = Array.from({ length: 20 }, (_, seed) => leastOf(size, seed).least.pick(null));
    expect(new Set(first).size).toBeGreaterThan(2);
  });

  test.each(SIZES)('of %i: the avoided are skipped, in the order of load', (size) => {
    const { loads, least } = leastOf(size);
    loads.splice(0, 3, 1, 2, 3);
    for (const slot of [0, 1, 2]) least.changed(slot);
    expect(least.pick(new Set([0]))).toBe(1);
    expect(least.pick(new Set([0, 1]))).toBe(2);
    expect(least.pick({ has: () => true })).toBe(-1);
  });
});
