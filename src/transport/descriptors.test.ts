import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createDescriptorBudget,
  descriptorLimit,
  descriptorsExhausted,
  FALLBACK_DESCRIPTOR_LIMIT,
} from './descriptors.ts';

describe('descriptorLimit', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'equipoise-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const table = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${soft}                20000                files     \n`;

  test.each([
    { why: 'the soft limit', text: table('1024'), want: 1024 },
    { why: 'unlimited', text: table('unlimited'), want: Number.POSITIVE_INFINITY },
    { why: 'no such line', text: 'Max processes 1 1 processes\n', want: FALLBACK_DESCRIPTOR_LIMIT },
    { why: 'not a number', text: table('many'), want: FALLBACK_DESCRIPTOR_LIMIT },
  ])('$why', ({ text, want }) => {
    const file = join(directory, 'limits');
    writeFileSync(file, text);
    expect(descriptorLimit(file)).toBe(want);
  });

  test('no such file, as on macOS', () => {
    expect(descriptorLimit(join(directory, 'none'))).toBe(FALLBACK_DESCRIPTOR_LIMIT);
  });

  test('of this process is at least what it uses', () => {
    expect(descriptorLimit()).toBeGreaterThan(10);
    expect(descriptorsExhausted()).toBe(false);
  });
});

describe('descriptor budget', () => {
  test.each([
    { options: { limit: 1000 }, capacity: 936 },
    { options: { limit: 1000, reserve: 10 }, capacity: 990 },
    { options: { limit: 40 }, capacity: 20 },
    { options: { limit: 40, reserve: 50 }, capacity: 0 },
    { options: { limit: Number.POSITIVE_INFINITY }, capacity: Number.POSITIVE_INFINITY },
  ])('$options', ({ options, capacity }) => {
    expect(createDescriptorBudget(options).capacity).toBe(capacity);
  });

  test('used never leaves 0..capacity, and every take below it succeeds', () => {
    fc.assert(
      fc.property(fc.nat({ max: 5 }), fc.array(fc.boolean()), (capacity, takes) => {
        const budget = createDescriptorBudget({ limit: capacity, reserve: 0 });
        let want = 0;
        for (const isTake of takes) {
          if (isTake) expect(budget.tryTake()).toBe(want < capacity);
          else budget.release();
          want = isTake ? Math.min(capacity, want + 1) : Math.max(0, want - 1);
          expect(budget.used).toBe(want);
        }
      }),
    );
  });
});
