import { createSharedBreakers, releaseProbes, type SharedBreakersMemory } from '../../core/guards/shared-breakers.ts';
import { createSharedOutcomes, type SharedOutcomesMemory } from '../../core/guards/shared-outcomes.ts';
import { createSharedVerdicts, type SharedVerdictsMemory } from '../../core/guards/shared-verdicts.ts';

/** What several workers' guards of one pool share. `structuredClone` and `postMessage` share it. */
export interface GuardMemory {
  readonly breakers: SharedBreakersMemory;
  readonly outcomes: SharedOutcomesMemory;
  readonly verdicts: SharedVerdictsMemory;
}

/** One thread's part in the guards of a pool. */
export interface GuardShare {
  readonly memory: GuardMemory;
  /** From 0; `DECIDES` for the one thread that picks nothing and decides on ejections and weights for all. */
  readonly worker: number;
  /** The moment on this thread's clock from which all of them count milliseconds. */
  readonly epochMs: number;
  /** In a worker: failures in a row may be enough for an ejection. */
  readonly onRun: () => void;
}

/** See `GuardShare`. */
export const DECIDES = -1;

/** Zeroed memory for slots 0 to `capacity` − 1. */
export function createGuardMemory(capacity: number, workers: number): GuardMemory {
  return {
    breakers: createSharedBreakers(capacity, workers),
    outcomes: createSharedOutcomes(capacity, workers),
    verdicts: createSharedVerdicts(capacity),
  };
}

/** A worker died. What it counted stays. */
export function releaseGuards({ breakers }: GuardMemory, worker: number): void {
  releaseProbes(breakers, worker);
}
