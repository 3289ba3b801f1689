import { descendants } from '../../../bench/harness/processes.ts';
import { sleep } from '../../harness/sockets.ts';
import { anonymousRequest, gather } from '../harness/crowd.ts';
import type { Scenario } from '../harness/scenario.ts';

const CLIENTS = 60;
const MOMENT_MS = 50;

export const resetsBeforeAccept: Scenario = {
  name: 'resets-before-accept',
  title:
    'the balancer stands still for a moment (SIGSTOP), and clients that came meanwhile have reset their connections',
  async run({ balancer, turns, phaseMs, count }) {
    for (let turn = 0; turn < turns; turn++) {
      const pids = [balancer.pid, ...descendants(balancer.pid)];
      for (const pid of pids) process.kill(pid, 'SIGSTOP');
      const guests = await gather(balancer.port, CLIENTS);
      for (const { socket } of guests) socket.write(anonymousRequest(20));
      await sleep(MOMENT_MS);
      for (const { socket } of guests) socket.resetAndDestroy();
      await sleep(MOMENT_MS);
      for (const pid of pids) process.kill(pid, 'SIGCONT');
      await sleep(phaseMs);
    }
    count('resets', CLIENTS * turns);
    const exceptions = balancer.output().match(/TypeError|exception/g)?.length ?? 0;
    if (exceptions > 0) throw new Error(`the balancer told of ${exceptions} exceptions`);
  },
};
