import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge, readJunit, readVitest } from './run.mjs';

test('the counts and the failures of Bun’s report', () => {
  const report = `<?xml version="1.0"?>
<testsuites name="bun test" tests="9" assertions="7" failures="2" skipped="3" time="0">
  <testsuite tests="1" failures="1" skipped="0">
    <testcase name="x &lt; &amp;lt;" classname="of &quot;b&quot;" time="0.1" file="a.test.ts" line="2" assertions="1">
      <failure type="AssertionError" message="Expected: 2&#10;Received: 1">AssertionError: …</failure>
    </testcase>
    <testcase name="fine" classname="" time="0.1" file="a.test.ts" line="3" assertions="1" />
    <testcase name="left out" classname="" time="0" file="a.test.ts" line="4" assertions="0">
      <skipped />
    </testcase>
    <testcase name="hangs" classname="" time="0.1" file="a.test.ts" line="5" assertions="0">
      <failure type="TimeoutError" message="test timed out" />
    </testcase>`;
  expect(readJunit(report)).toEqual({
    passed: 4,
    failed: 2,
    skipped: 3,
    failures: [
      { test: 'a.test.ts:2 of "b" › x < &lt;', message: 'Expected: 2\nReceived: 1' },
      { test: 'a.test.ts:5 hangs', message: 'test timed out' },
    ],
  });
});

test('the counts and the failures of Vitest’s report', () => {
  const assertionResults = [
    { status: 'passed', fullName: 'fine', failureMessages: [] },
    { status: 'failed', fullName: 'a suite fails', failureMessages: ['expected 1 to be 2', 'and more'] },
  ];
  const testResults = [{ name: join(import.meta.dirname, 'run.test.ts'), assertionResults }];
  const report = { numTotalTests: 6, numPassedTests: 3, numFailedTests: 1, numPendingTests: 2, testResults };
  expect(readVitest(JSON.stringify(report))).toEqual({
    passed: 3,
    failed: 1,
    skipped: 2,
    failures: [{ test: 'test/run.test.ts a suite fails', message: 'expected 1 to be 2\nand more' }],
  });
});

describe('a suite', () => {
  test.each([
    { why: 'passes', sum: { passed: 3, failed: 0, skipped: 1 }, ok: true, failed: 0, says: '' },
    { why: 'fails by its tests', sum: { passed: 3, failed: 2, skipped: 0 }, ok: false, failed: 2, says: '' },
    { why: 'fails by its runner', sum: { passed: 3, failed: 0, skipped: 0 }, ok: false, failed: 1, says: 'runner' },
    { why: 'fails without a test', sum: { passed: 0, failed: 0, skipped: 5 }, ok: true, failed: 1, says: 'no test' },
  ])('$why', ({ sum, ok, failed, says }) => {
    const judged = judge({ ...sum, failures: [] }, ok);
    expect(judged.failed).toBe(failed);
    expect(judged.why).toContain(says);
  });
});
