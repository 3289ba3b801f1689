import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scriptedRng, seededRng } from '../../core/testing/rng.ts';
import { fakeScheduler } from '../testing/fake-scheduler.ts';
import type { CheckResult } from './check.ts';
import { type CheckerDeps, firstCheckDelayMs, startChecker } from './checker.ts';
import type { Probe, ProbeResult } from './probe.ts';

const passed: ProbeResult = { kind: 'passed', reason: 'connected' };

interface Given extends Partial<CheckerDeps> {
  delayMs?: number;
  hosts?: string[];
  /** Before each check. */
  isProven?: () => boolean;
  /** After each check. */
  intervalMs?: () => number;
  onReport?: () => void;
}

/** A checker over a probe that a test answers by hand. */
function setUp(given: Given = {}) {
  const time = fakeScheduler();
  const open = new Set<{ answer(result: ProbeResult): void }>();
  const answer = (result: ProbeResult) => [...open][0]?.answer(result);
  const startedAt: number[] = [];
  const asked: string[] = [];
  const reports: CheckResult[] = [];
  const probe: Probe = {
    start(target, report) {
      startedAt.push(time.now());
      asked.push(target.address.kind === 'tcp' ? target.address.host : target.address.path);
      const run = {
        answer(result: ProbeResult) {
          open.delete(run);
          report(result);
        },
      };
      open.add(run);
      return { stop: () => void open.delete(run) };
    },
  };
  const hosts = given.hosts ?? ['10.0.0.1'];
  const addresses = hosts.map((host) => ({ kind: 'tcp', host, port: 80 }) as const);
  const deps = { probe, timeoutMs: 100, scheduler: time, clock: time, jitter: 0, ...given };
  const { isProven = () => false, intervalMs = () => 1000, onReport = () => {} } = given;
  const target = () => ({ addresses, authority: 'a:80' });
  const report = (result: CheckResult) => {
    reports.push(result);
    onReport();
  };
  const subject = { target, isProven, intervalMs, report };
  const checker = startChecker(subject, given.delayMs ?? 0, { rng: seededRng(1), ...deps });
  return { time, open, answer, startedAt, asked, reports, checker };
}

describe('startChecker', () => {
  test('checks after the delay, at a random point of the interval, then once per interval', () => {
    const { time, answer, startedAt } = setUp({ delayMs: 7, rng: scriptedRng([0.25, 0.5, 0.5, 0.5]) });
    for (let i = 0; i < 2500; i++) {
      time.advance(1);
      answer(passed);
    }
    expect(startedAt).toEqual([7, 257, 1257, 2257]);
  });

  test('jitter moves a check by at most its share of the interval, both ways', () => {
    const { time, answer, startedAt } = setUp({ jitter: 0.1, rng: scriptedRng([0, 0, 0.999999, 0.5, 0.5]) });
    for (let i = 0; i < 3100; i++) {
      time.advance(1);
      answer(passed);
    }
    const gaps = startedAt.slice(2).map((at, index) => Math.round(at - startedAt[index + 1]!));
    expect(gaps).toEqual([900, 1100, 1000]);
  });

  test('the time-out ends a check that says nothing, and the next comes in time', () => {
    const { time, open, startedAt, reports } = setUp({ rng: scriptedRng([0.5, 0.5]) });
    time.advance(0);
    expect(open.size).toBe(1);
    time.advance(100);
    expect(open.size).toBe(0);
    expect(reports).toEqual([{ kind: 'failed', reason: 'timed out after 100ms', latencyMs: 100 }]);
    time.advance(400);
    expect(startedAt).toEqual([0, 500]);
  });

  test('two checks never overlap, though one takes longer than the interval', () => {
    const { time, open, answer, startedAt } = setUp({ timeoutMs: 5000, rng: scriptedRng([0.5, 0.5]) });
    time.advance(3000);
    expect(open.size).toBe(1);
    answer(passed);
    time.advance(0);
    expect(startedAt).toEqual([0, 3000]);
  });

  test('a second address is asked only when the first cannot be reached, within the same time-out', () => {
    const { time, answer, asked, reports } = setUp({ hosts: ['127.0.0.1', '::1'], rng: scriptedRng([0, 0.5]) });
    time.advance(60);
    answer({ kind: 'unreachable', reason: 'connect refused' });
    expect(asked).toEqual(['127.0.0.1', '::1']);
    time.advance(40);
    expect(reports).toEqual([{ kind: 'failed', reason: 'timed out after 100ms', latencyMs: 100 }]);
  });

  test.each<{ result: ProbeResult; asked: number; want: string }>([
    { result: { kind: 'failed', reason: 'status 500' }, asked: 1, want: 'failed' },
    { result: { kind: 'not-run', reason: 'EMFILE' }, asked: 1, want: 'not-run' },
    { result: passed, asked: 1, want: 'passed' },
  ])('$result.kind is the answer of the first address', ({ result, asked: count, want }) => {
    const { time, answer, asked, reports } = setUp({ hosts: ['127.0.0.1', '::1'] });
    time.advance(0);
    answer(result);
    expect([asked.length, reports[0]?.kind]).toEqual([count, want]);
  });

  test('the next one comes as soon as the last one asks for', () => {
    const gaps = [0, 100, 100, 400];
    const rng = scriptedRng([0.5, 0.5, 0.5, 0.5]);
    const { time, answer, startedAt } = setUp({ rng, intervalMs: () => gaps[startedAt.length]! });
    for (let i = 0; i < 300; i++) {
      time.advance(1);
      answer(passed);
    }
    expect(startedAt).toEqual([0, 50, 150]);
  });

  test('what is proven is not asked, and looked at again in its time', () => {
    const proven = [false, true, true, false];
    let looks = 0;
    const { time, answer, startedAt } = setUp({
      rng: scriptedRng([0.5, 0.5, 0.5, 0.5]),
      isProven: () => proven[looks++]!,
    });
    for (let i = 0; i < 2600; i++) {
      time.advance(1);
      answer(passed);
    }
    expect(startedAt).toEqual([0, 2500]);
  });

  test('whoever hears a result may end it', () => {
    const world = setUp({ onReport: () => world.checker.stop() });
    world.time.advance(0);
    world.answer(passed);
    expect(world.time.pending).toBe(0);
  });

  test('goes on after a listener that throws', () => {
    const { time, answer, startedAt } = setUp({
      rng: scriptedRng([0.5, 0.5]),
      onReport: () => {
        throw new Error('a listener');
      },
    });
    time.advance(0);
    expect(() => answer(passed)).toThrow('a listener');
    time.advance(500);
    expect(startedAt).toEqual([0, 500]);
  });

  test('stop closes the check that is under way and arms nothing', () => {
    const { time, open, reports, checker } = setUp();
    time.advance(0);
    checker.stop();
    expect([open.size, time.pending]).toEqual([0, 0]);
    time.advance(10_000);
    expect(reports).toEqual([]);
  });

  test('stop between two checks arms nothing', () => {
    const { time, answer, checker } = setUp();
    time.advance(0);
    answer(passed);
    checker.stop();
    expect(time.pending).toBe(0);
  });
});

describe('firstCheckDelayMs', () => {
  test.each([
    { why: 'a small pool is checked at once', index: 2, count: 3, interval: 2000, want: 4 },
    { why: 'a big pool at 500 a second', index: 4999, count: 5000, interval: 60_000, want: 9998 },
    { why: 'a short interval within itself', index: 99, count: 100, interval: 50, want: 49.5 },
  ])('$why', ({ index, count, interval, want }) => {
    expect(firstCheckDelayMs(index, count, interval)).toBeCloseTo(want, 5);
  });

  test('never beyond the interval, never more than 500 a second unless it demands that', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 100_000 }), (count, interval) => {
        const last = firstCheckDelayMs(count - 1, count, interval);
        expect(last).toBeLessThan(interval);
        expect(last === 2 * (count - 1) || count * 2 > interval).toBe(true);
      }),
    );
  });
});
