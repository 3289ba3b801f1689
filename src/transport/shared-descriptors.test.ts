import { describe, expect, test } from 'vitest';
import { createDescriptorMemory, releaseDescriptors, shareDescriptors } from './shared-descriptors.ts';

function setUp(capacity: number) {
  const memory = createDescriptorMemory(capacity, 2);
  return { memory, one: shareDescriptors(memory, 0), other: shareDescriptors(memory, 1) };
}

describe('a budget of two workers', () => {
  test('is one', () => {
    const { one, other } = setUp(3);
    expect([one.tryTake(), other.tryTake(), one.tryTake(), other.tryTake(), one.tryTake()]).toEqual([
      ...[true, true, true],
      ...[false, false],
    ]);
    expect([one.used, other.used, one.capacity]).toEqual([3, 3, 3]);
    other.release();
    expect([one.tryTake(), one.used]).toEqual([true, 3]);
  });

  test('leaves a third to connections to endpoints', () => {
    const { one, other } = setUp(6);
    const taken = [one, other, one, other, one].map((each) => each.tryTakeForClient());
    expect(taken).toEqual([true, true, true, true, false]);
    expect([one.tryTake(), other.tryTake(), one.tryTake(), one.used]).toEqual([true, true, false, 6]);
    other.releaseForClient();
    expect([one.used, one.tryTakeForClient(), one.used]).toEqual([5, true, 6]);
  });

  test('a client that is refused takes nothing', () => {
    const { one, other } = setUp(3);
    for (let i = 0; i < 3; i++) one.tryTake();
    expect(other.tryTakeForClient()).toBe(false);
    for (let i = 0; i < 3; i++) one.release();
    expect([one.used, other.tryTakeForClient(), one.tryTakeForClient(), one.tryTakeForClient()]).toEqual([
      ...[0, true, true],
      false,
    ]);
  });

  test('a release too many does not widen it', () => {
    const { one, other } = setUp(2);
    one.tryTake();
    other.release();
    other.releaseForClient();
    expect([one.used, one.tryTake(), other.tryTake()]).toEqual([1, true, false]);
  });

  test('gets back what a worker had that died', () => {
    const { memory, one, other } = setUp(3);
    one.tryTakeForClient();
    one.tryTake();
    other.tryTakeForClient();
    releaseDescriptors(memory, 0);
    expect([other.used, other.tryTakeForClient(), other.tryTake(), other.tryTake()]).toEqual([1, true, true, false]);
  });
});
