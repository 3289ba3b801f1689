import { sleep } from '../../harness/sockets.ts';
import { gather } from '../harness/crowd.ts';
import type { Scenario } from '../harness/scenario.ts';

const DESCRIPTORS = 300;
const CROWD = 600;

export const descriptorsExhausted: Scenario = {
  name: 'descriptors-exhausted',
  title: 'more clients come than there are descriptors; those that were there are served',
  excuse: 'no descriptor was left for its connection',
  // NGINX sets its own limit, and HAProxy refuses to start with less than its maxconn needs.
  suits: ({ kind }) => kind === 'equipoise',
  openFiles: DESCRIPTORS,
  async run({ balancer, turns, phaseMs, disrupted, count }) {
    for (let turn = 0; turn < turns; turn++) {
      const fromMs = Date.now();
      const guests = await gather(balancer.port, CROWD);
      await sleep(phaseMs);
      count('turned away', guests.filter(({ isOpen }) => !isOpen).length);
      for (const { socket } of guests) socket.destroy();
      await sleep(phaseMs);
      disrupted({ kind: 'full', fromMs, toMs: Date.now() });
    }
  },
};
