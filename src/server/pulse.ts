import type { Clock } from '../core/kernel/clock.ts';
import { NOT_ARMED, type TimerEntry, type TimerWheel } from '../transport/timer-wheel.ts';

/** A word for each worker, which it changes with every turn of its wheel; no message is needed to see that it lives. */
export type PulseMemory = Int32Array;

export const createPulseMemory = (workers: number): PulseMemory =>
  new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * workers));

/** Beats for `worker`, in its thread, for as long as its loop turns. */
export function startPulse(memory: PulseMemory, worker: number, timers: TimerWheel): void {
  const beat: TimerEntry = {
    ...{ deadlineTick: NOT_ARMED, slotTick: NOT_ARMED, nextEntry: null, previousEntry: null },
    onTimeout() {
      Atomics.add(memory, worker, 1);
      timers.arm(beat, 0);
    },
  };
  timers.arm(beat, 0);
}

export interface PulseWatch {
  /** Milliseconds for which `worker` has not beaten, as far as this thread was there to see it. */
  silentMs(worker: number): number;
  /** It is another thread now, or is to be judged anew. */
  forget(worker: number): void;
  /** To be called every `everyMs`. */
  look(): void;
}

/**
 * Watches the workers' pulses. What passes while nobody looks counts for two looks at most: a process that was stopped, a
 * machine that slept or has no time for this thread either, says nothing of a worker.
 */
export function watchPulses(memory: PulseMemory, clock: Clock, everyMs: number): PulseWatch {
  const beats = memory.slice();
  const silentMs = new Float64Array(memory.length);
  let lookedAtMs = clock.now();
  return {
    silentMs: (worker) => silentMs[worker]!,
    forget(worker) {
      silentMs[worker] = 0;
    },
    look() {
      const now = clock.now();
      const passedMs = Math.min(Math.max(now - lookedAtMs, 0), 2 * everyMs);
      lookedAtMs = now;
      for (let worker = 0; worker < beats.length; worker++) {
        const beat = Atomics.load(memory, worker);
        silentMs[worker] = beat === beats[worker] ? silentMs[worker]! + passedMs : 0;
        beats[worker] = beat;
      }
    },
  };
}
