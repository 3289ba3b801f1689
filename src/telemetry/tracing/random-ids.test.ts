import { randomFillSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { RandomIds } from './random-ids.ts';

test('ids have their length, come of what was filled in, and none comes twice', () => {
  let fills = 0;
  const ids = new RandomIds((bytes) => {
    fills++;
    randomFillSync(bytes);
  });
  const made = Array.from({ length: 300 }, () => [ids.traceId(), ids.spanId()] as const);
  expect(made.every(([trace, span]) => /^[0-9a-f]{32}$/.test(trace) && /^[0-9a-f]{16}$/.test(span))).toBe(true);
  expect(new Set(made.flat()).size).toBe(600);
  // 24 bytes each, out of 4096 at a time.
  expect(fills).toBe(2);
});

test('a fraction is at least 0 and below 1', () => {
  expect(new RandomIds((bytes) => void bytes.fill(0)).fraction()).toBe(0);
  expect(new RandomIds((bytes) => void bytes.fill(255)).fraction()).toBeLessThan(1);
});
