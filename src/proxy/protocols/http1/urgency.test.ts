import { expect, test } from 'vitest';
import { RequestHead } from './request-head.ts';
import { ResponseHead } from './response-head.ts';
import { retryAfterMs } from './retry-after.ts';
import { compileUrgency } from './urgency.ts';

const limits = { headBytes: 4096, headerFields: 20 };

test.each([
  [undefined, 3],
  ['', 3],
  ['u=0', 0],
  ['u=7, i', 7],
  ['i, u=1', 1],
  ['i,u=2;x', 2],
  ['5', 5],
  ['8', 3],
  ['u=8', 3],
  ['u=12', 3],
  ['xu=1', 3],
  ['urgent', 3],
])('Priority: %s is %i', (value, want) => {
  const head = new RequestHead(limits);
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${value === undefined ? '' : `PRIORITY: ${value}\r\n`}\r\n`);
  head.begin(bytes, 0, false);
  head.parse(bytes, bytes.byteLength);
  const read = compileUrgency({ size: 1, timeout: 1, priority: 'header:Priority' })!;
  expect(read(head)).toBe(want);
});

test('no queue, no header: nothing is read', () => {
  expect([compileUrgency(undefined), compileUrgency({ size: 1, timeout: 1 })]).toEqual([null, null]);
});

test.each([
  [[], 0],
  [['Retry-After: 0'], 0],
  [['retry-after: 120'], 120_000],
  [['Retry-After: -1'], Number.POSITIVE_INFINITY],
  [['Retry-After: soon'], Number.POSITIVE_INFINITY],
  [['Retry-After: Fri, 01 Aug 2025 10:00:05 GMT', 'Date: Fri, 01 Aug 2025 10:00:02 GMT'], 3000],
  [['Retry-After: Fri, 01 Aug 2025 10:00:00 GMT', 'Date: Fri, 01 Aug 2025 10:00:02 GMT'], 0],
  [['Retry-After: Fri, 01 Aug 2025 10:00:05 GMT'], Number.POSITIVE_INFINITY],
])('%j waits %i ms', (lines, want) => {
  const head = new ResponseHead(limits);
  const bytes = Buffer.from(`HTTP/1.1 503 Busy\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
  head.begin(bytes, 0);
  head.parse(bytes, bytes.byteLength);
  expect(retryAfterMs(head)).toBe(want);
});
