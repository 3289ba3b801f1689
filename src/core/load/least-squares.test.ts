import { expect, test } from 'vitest';
import { createRng } from '../kernel/rng.ts';
import { LeastSquares } from './least-squares.ts';

const wide = (place: number) => ({ place, mean: 0, variance: 100 });

/** Answers `y` to features, with a noise of variance 1/12. */
function taught(rows: LeastSquares, row: number, answers: number, y: (x: number) => number): void {
  const rng = createRng(1);
  rows.forget(row);
  for (let i = 0; i < answers; i++) {
    const features = Float64Array.of(1, rng.next());
    const error = y(features[1]!) + rng.next() - 0.5 - rows.predict(row, features);
    rows.correct(row, error, 1 / 12 + rows.spread(row, features));
  }
}

test('finds a line in noise', () => {
  const rows = new LeastSquares([wide(0), wide(1)]);
  taught(rows, 3, 1000, (x) => 2 + 5 * x);
  const at = (x: number) => rows.predict(3, Float64Array.of(1, x));
  // A least-squares line of 1000 answers is off by 2 × sqrt(1/12/1000) = 0.018 at the ends; drift adds as much again, five of it.
  expect(Math.abs(at(0) - 2)).toBeLessThan(0.2);
  expect(Math.abs(at(1) - 7)).toBeLessThan(0.2);
  expect(rows.term(3, Float64Array.of(1, 2), 1)).toBeCloseTo(at(2) - at(0), 9);
});

test('rows are apart, and start from their prior', () => {
  const rows = new LeastSquares([{ place: 1, mean: 3, variance: 1 }]);
  rows.forget(40);
  taught(rows, 2, 500, () => 9);
  expect(rows.predict(40, Float64Array.of(1, 2))).toBe(6);
  expect(rows.spread(40, Float64Array.of(1, 2))).toBe(4);
  expect(rows.spread(2, Float64Array.of(1, 2))).toBeLessThan(1);
});

test('forgets: a line that changed is found again', () => {
  const rows = new LeastSquares([wide(0)]);
  rows.forget(0);
  const one = Float64Array.of(1);
  for (let i = 0; i < 20_000; i++) rows.correct(0, 1 - rows.predict(0, one), 1 + rows.spread(0, one));
  for (let i = 0; i < 1000; i++) rows.correct(0, 5 - rows.predict(0, one), 1 + rows.spread(0, one));
  expect(rows.predict(0, one)).toBeGreaterThan(4.9);
});

test('predictions take no coefficient for less than its least, and nothing learned is endless', () => {
  const rows = new LeastSquares([{ place: 0, mean: 1, variance: 1, least: 0.5 }]);
  rows.forget(0);
  const one = Float64Array.of(1);
  for (let i = 0; i < 100; i++) rows.correct(0, -1e300, 1 + rows.spread(0, one));
  expect([rows.predict(0, one), rows.fitted(0, one)]).toEqual([0.5, -100]);
  for (let i = 0; i < 300; i++) rows.correct(0, 1e300, 1 + rows.spread(0, one));
  expect(rows.predict(0, one)).toBe(100);
});
