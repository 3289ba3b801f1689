import { sleep } from '../../harness/sockets.ts';
import type { Scenario } from '../harness/scenario.ts';

const HALF_PERIOD_MS = 1000;

export const flapping: Scenario = {
  name: 'flapping',
  title: 'an endpoint comes and goes each second, its connections reset',
  excuse: 'a POST was with it, or the client had bytes of the answer',
  async run({ origins, turns }) {
    for (let turn = 0; turn < 2 * turns; turn++) {
      await origins[0]!.become('gone');
      await sleep(HALF_PERIOD_MS);
      await origins[0]!.become('none');
      await sleep(HALF_PERIOD_MS);
    }
  },
};
