import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BOUNDS_MS, Histogram } from './histogram.ts';

/** Any latency in the range, as likely among microseconds as among minutes. */
const latency = fc.double({ min: Math.log(0.001), max: Math.log(3_600_000), noNaN: true }).map(Math.exp);

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('Histogram', () => {
  test('a quantile is within 6.25 % of the exact one', () => {
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]!;
          expect(Math.abs(filled(values).quantile(q) - exact) / exact).toBeLessThanOrEqual(0.0625);
        },
      ),
    );
  });

  test.each([
    { why: 'nothing recorded', values: [], q: 0.5, least: 0, most: 0 },
    { why: 'below the range', values: [0], q: 0.5, least: 0, most: 0.0011 },
    { why: 'negative', values: [-1], q: 0.5, least: 0, most: 0.0011 },
    { why: 'no number', values: [Number.NaN], q: 0.5, least: 0, most: 0.0011 },
    { why: 'beyond the range', values: [1e12], q: 0.5, least: 3_600_000, most: 2 ** 22 },
    { why: 'infinite', values: [Number.POSITIVE_INFINITY], q: 0.5, least: 3_600_000, most: 2 ** 22 },
    { why: 'the highest of few', values: [1, 2, 100], q: 0.99, least: 96, most: 104 },
    { why: 'the lowest', values: [1, 2, 100], q: 0, least: 1, most: 1.04 },
  ])('$why', ({ values, q, least, most }) => {
    const result = filled(values).quantile(q);
    expect(result).toBeGreaterThanOrEqual(least);
    expect(result).toBeLessThanOrEqual(most);
  });

  test('cumulative counts at the bounds are exact', () => {
    fc.assert(
      fc.property(fc.array(latency, { maxLength: 100 }), (values) => {
        // A bound itself counts as above it, and a 32-bit float may round a value up to the bound.
        const want = BOUNDS_MS.map((bound) => values.filter((value) => Math.fround(value) < bound).length);
        expect(filled(values).cumulative()).toEqual(want);
      }),
    );
  });

  test('merging is the same as recording both', () => {
    fc.assert(
      fc.property(fc.array(latency), fc.array(latency), (a, b) => {
        const merged = filled(a);
        merged.merge(filled(b));
        const both = filled([...a, ...b]);
        expect(merged.cumulative()).toEqual(both.cumulative());
        expect(merged.count).toBe(a.length + b.length);
        expect(merged.sum).toBeCloseTo(both.sum, 3);
      }),
    );
  });

  test('clear forgets everything', () => {
    const histogram = filled([1, 2, 3]);
    histogram.clear();
    expect([histogram.count, histogram.sum, histogram.quantile(0.5)]).toEqual([0, 0, 0]);
  });
});
