import { sleep } from '../../harness/sockets.ts';
import type { FaultName } from './faults.ts';
import type { Stage } from './scenario.ts';

/** Each endpoint in turn goes wrong for a phase, and is well for one. */
export async function misbehave({ origins, turns, phaseMs }: Stage, fault: FaultName): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    const origin = origins[turn % origins.length]!;
    await origin.become(fault);
    await sleep(phaseMs);
    await origin.become('none');
    await sleep(phaseMs);
  }
}
