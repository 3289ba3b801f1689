import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentQuantile } from './recent-quantile.ts';

test('without values nothing is above it', () => {
  expect(new RecentQuantile(0.5, 4).value()).toBe(Number.POSITIVE_INFINITY);
});

test('it is the nearest rank of the last values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 60 }),
      fc.constantFrom(0, 0.25, 0.5, 2 ** -0.25, 1),
      fc.integer({ min: 1, max: 20 }),
      (values, quantile, window) => {
        const recent = new RecentQuantile(quantile, window);
        for (const [index, value] of values.entries()) {
          recent.add(value);
          const last = values.slice(Math.max(0, index + 1 - window), index + 1).sort((a, b) => a - b);
          expect(recent.value()).toBe(last[Math.max(0, Math.ceil(quantile * last.length) - 1)]);
        }
      },
    ),
  );
});
