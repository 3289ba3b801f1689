import { describe, expect, test } from 'vitest';
import { judge, readJunit, readVitest } from './run.mjs';

test('the counts of Bun’s report', () => {
  const report =
    '<?xml version="1.0"?>\n<testsuites name="bun test" tests="9" assertions="7" failures="2" skipped="3" time="0">\n';
  expect(readJunit(`${report}<testsuite tests="1" failures="1" skipped="0">`)).toEqual({
    passed: 4,
    failed: 2,
    skipped: 3,
  });
});

test('the counts of Vitest’s report', () => {
  const report = { numTotalTests: 6, numPassedTests: 3, numFailedTests: 1, numPendingTests: 2 };
  expect(readVitest(JSON.stringify(report))).toEqual({ passed: 3, failed: 1, skipped: 2 });
});

describe('a suite', () => {
  test.each([
    { why: 'passes', sum: { passed: 3, failed: 0, skipped: 1 }, ok: true, failed: 0, says: '' },
    { why: 'fails by its tests', sum: { passed: 3, failed: 2, skipped: 0 }, ok: false, failed: 2, says: '' },
    { why: 'fails by its runner', sum: { passed: 3, failed: 0, skipped: 0 }, ok: false, failed: 1, says: 'runner' },
    { why: 'fails without a test', sum: { passed: 0, failed: 0, skipped: 5 }, ok: true, failed: 1, says: 'no test' },
  ])('$why', ({ sum, ok, failed, says }) => {
    const judged = judge(sum, ok);
    expect(judged.failed).toBe(failed);
    expect(judged.why).toContain(says);
  });
});
