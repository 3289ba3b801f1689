import { describe, expect, test } from 'vitest';
import { createRng } from '../../core/kernel/rng.ts';
import { RetryRules } from './retry-rules.ts';

const fields = { attempts: 3, budget: 0.2, backoff: 25, statuses: [503], bufferBytes: 10, maxRetryAfter: 1000 };

describe('backoff', () => {
  // Envoy's: uniform below (2^N − 1) × base, at most 10 × base; the first retry goes elsewhere at once.
  test.each([
    { retry: 1, mostMs: 0 },
    { retry: 2, mostMs: 75 },
    { retry: 3, mostMs: 175 },
    { retry: 4, mostMs: 250 },
    { retry: 90, mostMs: 250 },
  ])('retry $retry: up to $mostMs ms', ({ retry, mostMs }) => {
    const rules = new RetryRules(fields);
    const rng = createRng(retry);
    const pauses = Array.from({ length: 2000 }, () => rules.backoffMs(retry, rng));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(mostMs);
    // The mean of 2,000 uniform draws is off by more than 5 deviations, 5 × most / √(12 × 2000) = most / 31, once in a million.
    const mean = pauses.reduce((sum, each) => sum + each, 0) / pauses.length;
    expect(Math.abs(mean - mostMs / 2)).toBeLessThanOrEqual(mostMs / 31);
  });
});

describe('statuses', () => {
  test('those that are listed', () => {
    const rules = new RetryRules(fields);
    expect([502, 503, 504].map((status) => rules.retries(status))).toEqual([false, true, false]);
  });
  test('none where nothing is retried', () => {
    expect(new RetryRules({ ...fields, attempts: 0 }).retries(503)).toBe(false);
  });
});
