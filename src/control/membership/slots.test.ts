import { describe, expect, test } from 'vitest';
import { Slots } from './slots.ts';

describe('Slots', () => {
  test('the lowest that was never given, until one is free again', () => {
    const inUse = new Set([0]);
    const slots = new Slots((slot) => inUse.has(slot));
    expect([slots.take(), slots.take(), slots.take()]).toEqual([0, 1, 2]);
    slots.leave(0, 5);
    slots.leave(1, 5);
    expect([slots.take(), slots.take()]).toEqual([1, 3]);
    inUse.clear();
    expect([slots.take(), slots.take()]).toEqual([0, 4]);
  });

  test('the version says since when it is free', () => {
    let applied = 6;
    const slots = new Slots((_slot, leftAtVersion) => applied < leftAtVersion);
    slots.leave(slots.take(), 7);
    expect(slots.take()).toBe(1);
    applied = 7;
    expect(slots.take()).toBe(0);
  });
});
