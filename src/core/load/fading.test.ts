import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fading } from './fading.ts';

test('fades from when it was set; slots never set are 0', () => {
  const fading = new Fading(1000);
  fading.set(90, 8, -500);
  fading.set(3, 2, 500);
  expect(fading.of(90, 500)).toBeCloseTo(8 / Math.E, 12);
  expect(fading.of(3, 1500)).toBeCloseTo(2 / Math.E, 12);
  expect([fading.of(89, 1500), fading.of(1e6, 1500)]).toEqual([0, 0]);
});

test('is value × exp(−Δt/τ), also across the passes that move the origin', () => {
  const wait = fc.double({ min: 0, max: 90_000, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(wait, { minLength: 1, maxLength: 20 }),
      fc.double({ min: 0, max: 1e15, noNaN: true }),
      (waits, value) => {
        const fading = new Fading(1000);
        let now = 12_345;
        for (const waitMs of waits) {
          now += waitMs;
          fading.set(1, value, now);
          now += waitMs;
          const want = value * Math.exp(-waitMs / 1000);
          // Two exponentials of arguments up to 200, each exact to 200 × 2^-53.
          expect(Math.abs(fading.of(1, now) - want)).toBeLessThanOrEqual(1e-12 * want);
        }
      },
    ),
    { seed: 1 },
  );
});
