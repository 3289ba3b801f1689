import { expect, test } from 'vitest';
import { NeutralLatency, UNKNOWN_MS } from './neutral-latency.ts';

const ok = (latencyMs: number) => ({ ok: true, latencyMs });

test.each([
  { why: 'nobody has answered', fixedMs: undefined, outcomes: [], want: UNKNOWN_MS },
  { why: 'the first answer', fixedMs: undefined, outcomes: [ok(7)], want: 7 },
  { why: 'the first 64 evenly', fixedMs: undefined, outcomes: [ok(7), ok(9), ok(20)], want: 12 },
  { why: 'then 1/64 each', fixedMs: undefined, outcomes: [...Array(64).fill(ok(10)), ok(74)], want: 11 },
  { why: 'a failure says nothing', fixedMs: undefined, outcomes: [ok(7), { ok: false, latencyMs: 1 }], want: 7 },
  { why: 'nor one without latency', fixedMs: undefined, outcomes: [ok(7), ok(-1)], want: 7 },
  { why: 'a fixed one stays', fixedMs: 5, outcomes: [ok(7), ok(9)], want: 5 },
  { why: 'zero is a fixed one', fixedMs: 0, outcomes: [ok(7)], want: 0 },
])('$why', ({ fixedMs, outcomes, want }) => {
  const neutral = new NeutralLatency(fixedMs);
  for (const outcome of outcomes) neutral.record(outcome);
  expect(neutral.ms).toBeCloseTo(want, 9);
});
