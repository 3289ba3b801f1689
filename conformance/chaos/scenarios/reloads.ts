import { sleep } from '../../harness/sockets.ts';
import type { Scenario } from '../harness/scenario.ts';

const RELOADS = 200;
const GAP_MS = 50;

export const reloads: Scenario = {
  name: 'reloads',
  title: '200 reloads under load, a time-out changed by each',
  async run({ balancer, setting, scale, phaseMs, count }) {
    const wanted = RELOADS * scale;
    for (let reload = 0; reload < wanted; reload++) {
      await balancer.reload({ ...setting, responseMs: 10_000 + reload });
      await sleep(GAP_MS);
    }
    count('reloads', wanted);
    await sleep(phaseMs);
  },
};
