import { expect, test } from 'vitest';
import { createEventBus } from './events.ts';

test.each([
  { why: 'not full', emitted: 2, want: [0, 1] },
  { why: 'just full', emitted: 3, want: [0, 1, 2] },
  { why: 'the oldest are overwritten', emitted: 5, want: [2, 3, 4] },
  { why: 'twice round', emitted: 7, want: [4, 5, 6] },
])('keeps the last events in order: $why', ({ emitted, want }) => {
  const bus = createEventBus<number>({ capacity: 3 });
  for (let i = 0; i < emitted; i++) bus.emit(i);
  expect(bus.recent()).toEqual(want);
});

test('keeps 1000 events by default', () => {
  const bus = createEventBus<number>();
  for (let i = 0; i < 1500; i++) bus.emit(i);
  expect([bus.recent().length, bus.recent()[0]]).toEqual([1000, 500]);
});

test('a listener hears events until it is stopped', () => {
  const bus = createEventBus<string>();
  const heard: string[] = [];
  const stop = bus.subscribe((event) => heard.push(event));
  bus.emit('a');
  stop();
  bus.emit('b');
  expect(heard).toEqual(['a']);
});

test('an exception in a listener reaches onError and keeps nobody else from hearing', () => {
  const errors: unknown[] = [];
  const bus = createEventBus<string>({ onError: (error) => errors.push(error) });
  const heard: string[] = [];
  bus.subscribe(() => {
    throw new Error('broken');
  });
  bus.subscribe((event) => heard.push(event));
  bus.emit('a');
  expect([heard, errors.map(String)]).toEqual([['a'], ['Error: broken']]);
});
