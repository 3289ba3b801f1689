import type { Clock } from '../../core/kernel/clock.ts';
import type { Scheduled, Scheduler } from './scheduler.ts';

/** Milliseconds, each a multiple of the next: what falls due in the same one comes together at its end. */
const GRAINS_MS = [64, 32, 16, 8] as const;
/** A delay is met at most a fiftieth of it late. */
const PRECISION = 50;
/** At once; more would keep the traffic of the same thread waiting. */
const BATCH_SIZE = 8;

interface Batch {
  readonly entries: Set<Entry>;
  readonly timer: Scheduled;
}

interface Entry {
  readonly run: () => void;
}

/**
 * Lets long delays that end close together share one timer: never early, at most 2 % and 64 ms late, eight at a time.
 * Delays below 400 ms are exact. To wake up costs more than most of what is woken up for, so thousands of checks a
 * minute cost half as much.
 */
export function createCoarseScheduler(exact: Scheduler, clock: Clock): Scheduler {
  /** By the time of their end. */
  const batches = new Map<number, Batch>();

  function open(at: number, now: number): Batch {
    const entries = new Set<Entry>();
    const timer = exact.after(Math.ceil(at - now), () => {
      batches.delete(at);
      for (const entry of entries) runAlone(entry);
    });
    const batch = { entries, timer };
    batches.set(at, batch);
    return batch;
  }

  function join(at: number, batch: Batch, run: () => void): Scheduled {
    const entry = { run };
    const { entries, timer } = batch;
    entries.add(entry);
    const cancel = (): void => {
      if (!entries.delete(entry) || entries.size > 0) return;
      batches.delete(at);
      timer.cancel();
    };
    return { cancel };
  }

  return {
    after(ms, run) {
      const now = clock.now();
      for (const grain of GRAINS_MS) {
        if (ms < grain * PRECISION) continue;
        const at = Math.ceil((now + ms) / grain) * grain;
        const batch = batches.get(at) ?? open(at, now);
        if (batch.entries.size < BATCH_SIZE) return join(at, batch, run);
      }
      return exact.after(ms, run);
    },
  };
}

/** What one throws is no reason to keep the others waiting. */
function runAlone(entry: Entry): void {
  try {
    entry.run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
