import { sleep } from '../../harness/sockets.ts';
import { NOTICE_MS } from '../harness/configurations.ts';
import type { Scenario } from '../harness/scenario.ts';

export const allDown: Scenario = {
  name: 'all-down',
  title: 'all endpoints are killed, and come back',
  excuse: 'nobody could serve',
  async run({ origins, turns, phaseMs }) {
    for (let turn = 0; turn < Math.ceil(turns / 2); turn++) {
      await Promise.all(origins.map((origin) => origin.kill()));
      await sleep(phaseMs);
      await Promise.all(origins.map((origin) => origin.restart()));
      // From here on a failure has no excuse any more.
      await sleep(NOTICE_MS.up + phaseMs);
    }
  },
};
