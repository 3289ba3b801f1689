import { describe, expect, test } from 'vitest';
import { openListenBacklog } from './bun-backlog.ts';

describe('openListenBacklog', () => {
  const healthy = (result: number) => (descriptor: number) => (descriptor === -1 ? -1 : result);

  test.each([
    {
      why: 'no library',
      open: () => {
        throw new Error('no libc');
      },
      want: 'listen backlog stays at 512: no libc',
    },
    {
      why: 'a function that is not listen(2)',
      open: () => () => 0,
      want: 'listen backlog stays at 512: listen(-1) did not fail',
    },
    { why: 'a healthy library', open: () => healthy(0), want: undefined },
  ])('self-test: $why', ({ open, want }) => {
    const backlog = openListenBacklog(open);
    expect(backlog.note).toBe(want);
    expect(backlog.widen({ fd: 7 })).toBeUndefined();
  });

  test.each([
    { why: 'no descriptor', listener: {}, result: 0, want: 'listen backlog stays at 512: no descriptor is exposed' },
    {
      why: 'a closed descriptor',
      listener: { fd: -1 },
      result: 0,
      want: 'listen backlog stays at 512: no descriptor is exposed',
    },
    {
      why: 'refused by the kernel',
      listener: { fd: 7 },
      result: -1,
      want: 'listen backlog stays at 512: listen(2) failed',
    },
  ])('widen: $why', ({ listener, result, want }) => {
    expect(openListenBacklog(() => healthy(result)).widen(listener)).toBe(want);
  });
});
