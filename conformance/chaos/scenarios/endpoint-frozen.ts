import { sleep } from '../../harness/sockets.ts';
import type { Scenario } from '../harness/scenario.ts';

/** Below the time for which it is frozen, so that someone has to notice. */
const RESPONSE_MS = 1500;

export const endpointFrozen: Scenario = {
  name: 'endpoint-frozen',
  title: 'an endpoint is stopped (SIGSTOP): it accepts, and never answers',
  excuse: 'a POST was with it, or the client had bytes of the answer',
  setting: { responseMs: RESPONSE_MS },
  async run({ origins, turns, phaseMs }) {
    for (let turn = 0; turn < turns; turn++) {
      const origin = origins[turn % origins.length]!;
      origin.freeze();
      await sleep(RESPONSE_MS + phaseMs);
      origin.thaw();
      await sleep(phaseMs);
    }
  },
};
