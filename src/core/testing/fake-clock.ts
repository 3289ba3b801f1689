import type { Clock } from '../kernel/clock.ts';

export interface FakeClock extends Clock {
  advance(ms: number): void;
}

/** Stands still until it is advanced. Starts at `startMs`, default 0. */
export function fakeClock(startMs = 0): FakeClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}
