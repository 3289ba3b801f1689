import { expect, test } from 'vitest';
import { cpuBetween, parseStat, readCpu, readResidentBytes } from './cpu.ts';

test('the program’s name may hold spaces and brackets', () => {
  const stat = '42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 17 5 0 0 20 0 1 0 100';
  expect(parseStat(stat)).toEqual({ user: 17, system: 5 });
});

const cases = [
  {
    why: 'ticks divide the precise total',
    run: 1e9,
    user: 25,
    system: 75,
    want: { userUs: 250_000, totalUs: 1_000_000 },
  },
  {
    why: 'ended threads are in ticks alone',
    run: 1e8,
    user: 50,
    system: 50,
    want: { userUs: 500_000, totalUs: 1_000_000 },
  },
  { why: 'less than a tick', run: 5e6, user: 0, system: 0, want: { userUs: 5000, totalUs: 5000 } },
];
test.each(cases)('$why', ({ run, user, system, want }) => {
  const zero = { runNs: 0, userTicks: 0, systemTicks: 0 };
  expect(cpuBetween(zero, { runNs: run, userTicks: user, systemTicks: system })).toMatchObject(want);
});

test('work of this process is seen', () => {
  const before = readCpu([process.pid]);
  const start = performance.now();
  while (performance.now() - start < 60);
  expect(cpuBetween(before, readCpu([process.pid])).totalUs).toBeGreaterThan(10_000);
});

test('memory of this process is seen', () => {
  const bytes = readResidentBytes([process.pid]);
  expect(bytes).toBeGreaterThan(1e6);
  expect(Math.abs(bytes - process.memoryUsage().rss) / bytes).toBeLessThan(0.2);
});
