import type { Rng } from '../core/kernel/rng.ts';
import { createSourceMemory, releaseSources, type SourceMemory } from '../proxy/shared-sources.ts';
import { createDescriptorMemory, type DescriptorMemory, releaseDescriptors } from '../transport/shared-descriptors.ts';
import { createPulseMemory, type PulseMemory } from './pulse.ts';

/** What the workers share beside each pool's memory. `structuredClone` and `postMessage` share it, they don't copy it. */
export interface ProgramMemory {
  readonly descriptors: DescriptorMemory;
  /** Connections by where they come from, for `limits.perSource`. */
  readonly sources: SourceMemory;
  /** That each worker's loop turns. */
  readonly pulses: PulseMemory;
}

/** `descriptors`: how many the program may use. */
export function createProgramMemory(workers: number, descriptors: number, rng: Rng): ProgramMemory {
  return {
    descriptors: createDescriptorMemory(descriptors, workers),
    sources: createSourceMemory(workers, rng.below(2 ** 31)),
    pulses: createPulseMemory(workers),
  };
}

/** A worker died. */
export function releaseProgramMemory({ descriptors, sources }: ProgramMemory, worker: number): void {
  releaseDescriptors(descriptors, worker);
  releaseSources(sources, worker);
}
