import { sleep } from '../../harness/sockets.ts';
import type { Scenario } from '../harness/scenario.ts';

const GROUP = 3;

export const endpointsSwapped: Scenario = {
  name: 'endpoints-swapped',
  title: 'all endpoints are replaced by others at once (reload), and the old ones killed',
  ...{ origins: 2 * GROUP, endpoints: GROUP },
  async run({ origins, balancer, setting, turns, phaseMs }) {
    for (let turn = 0; turn < turns; turn++) {
      const half = turn % 2 === 0 ? [GROUP, 2 * GROUP] : [0, GROUP];
      const [next, old] = [origins.slice(...half), origins.filter((_, at) => at < half[0]! || at >= half[1]!)];
      await balancer.reload({ ...setting, endpoints: next.map(({ port }) => port) });
      await sleep(phaseMs);
      await Promise.all(old.map((origin) => origin.kill()));
      await sleep(phaseMs);
      await Promise.all(old.map((origin) => origin.restart()));
    }
  },
};
