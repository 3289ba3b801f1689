import { describe, expect, test } from 'vitest';
import { member, setUpPicker } from '../testing/picker.ts';
import { createServedMemory, ServedTally, trafficOf } from './served-counts.ts';

describe('served counts', () => {
  test('are summed over the workers, slot by slot', () => {
    const memory = createServedMemory(4, 3);
    const [first, , third] = [0, 1, 2].map((worker) => new ServedTally(memory, worker));
    for (let i = 0; i < 5; i++) first!.record(3, true);
    third!.record(3, true);
    third!.record(3, false);
    third!.record(0, false);
    const traffic = trafficOf(memory);
    expect([0, 1, 2, 3].map((slot) => [traffic.successesOf(slot), traffic.failuresOf(slot)])).toEqual([
      ...[
        [0, 1],
        [0, 0],
        [0, 0],
        [6, 1],
      ],
    ]);
  });

  test('a slot beyond the capacity is not counted, in no other column either', () => {
    const memory = createServedMemory(2, 2);
    new ServedTally(memory, 0).record(2, true);
    expect([...memory.columns]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(trafficOf(memory).successesOf(2)).toBe(0);
  });

  test('a picker counts what ended well or badly, once, and not what says nothing', () => {
    const memory = createServedMemory(4, 1);
    const { picker, run, take } = setUpPicker([member(0)], { served: new ServedTally(memory, 0) });
    run(3);
    run(2, () => false);
    take(2);
    picker.done(0, { ok: true, latencyMs: -1, neutral: true });
    picker.judge(0, true);
    picker.done(0, { ok: true, latencyMs: -1, neutral: true });
    const traffic = trafficOf(memory);
    expect([traffic.successesOf(0), traffic.failuresOf(0)]).toEqual([4, 2]);
  });
});
