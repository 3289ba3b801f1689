import { sleep } from '../../harness/sockets.ts';
import type { Scenario } from '../harness/scenario.ts';

export const endpointKilled: Scenario = {
  name: 'endpoint-killed',
  title: 'an endpoint is killed (SIGKILL) and started again',
  excuse: 'a POST was with it, or the client had bytes of the answer',
  async run({ origins, turns, phaseMs }) {
    for (let turn = 0; turn < turns; turn++) {
      const origin = origins[turn % origins.length]!;
      await origin.kill();
      await sleep(phaseMs);
      await origin.restart();
      await sleep(phaseMs);
    }
  },
};
