import { describe, expect, test } from 'vitest';
import { fakeClock } from '../testing/index.ts';
import { createLoadReport } from './orca.ts';
import { NOT_SAID, REPORT_EXPIRY_MS, ReportedLoad } from './reported-load.ts';

const report = { utilization: 0.5, inFlight: 7, latencyMs: 12, requestsPerSecond: 100, errorsPerSecond: 1 };

function numbersOf(load: ReportedLoad, slot: number): number[] {
  return [
    load.utilizationOf(slot),
    load.inFlightOf(slot),
    load.latencyMsOf(slot),
    load.requestsPerSecondOf(slot),
    load.errorsPerSecondOf(slot),
  ];
}

const unsaid = new Array<number>(5).fill(NOT_SAID);

describe('ReportedLoad', () => {
  test('the latest report of a slot replaces what it said before, as a whole', () => {
    const load = new ReportedLoad(fakeClock());
    const mine = { ...report };
    load.record(90, mine);
    mine.inFlight = 1000;
    expect(numbersOf(load, 90)).toEqual([0.5, 7, 12, 100, 1]);
    load.record(90, { ...createLoadReport(), inFlight: 3 });
    expect(numbersOf(load, 90)).toEqual([-1, 3, -1, -1, -1]);
  });

  test('no report, and one that says nothing, leave the last one', () => {
    const load = new ReportedLoad(fakeClock());
    load.record(3, report);
    load.record(3, undefined);
    load.record(3, createLoadReport());
    expect(load.inFlightOf(3)).toBe(7);
  });

  test('slots that never reported say nothing, below and above those that did', () => {
    const load = new ReportedLoad(fakeClock(5000));
    load.record(17, report);
    load.record(70, report);
    for (const slot of [0, 16, 18, 69, 71, 4000]) {
      expect(numbersOf(load, slot)).toEqual(unsaid);
      expect(load.ageMs(slot)).toBe(Number.POSITIVE_INFINITY);
    }
    expect(load.inFlightOf(17)).toBe(7);
  });

  test.each([undefined, 1000])('a report counts until it is older than its expiry (%j)', (expiryMs) => {
    const clock = fakeClock(50);
    const load = new ReportedLoad(clock, expiryMs);
    load.record(1, report);
    clock.advance(expiryMs ?? REPORT_EXPIRY_MS);
    expect(load.ageMs(1)).toBe(expiryMs ?? 180_000);
    expect(load.latencyMsOf(1)).toBe(12);
    clock.advance(1);
    expect(load.ageMs(1)).toBe(Number.POSITIVE_INFINITY);
    expect(numbersOf(load, 1)).toEqual(unsaid);
  });

  test('a slot that changes hands says nothing until its new endpoint does', () => {
    const load = new ReportedLoad(fakeClock());
    load.forget(2);
    load.record(2, report);
    load.forget(2);
    expect(numbersOf(load, 2)).toEqual(unsaid);
    load.record(2, { ...report, inFlight: 0 });
    expect(load.inFlightOf(2)).toBe(0);
  });
});
