import { sleep } from '../../harness/sockets.ts';
import { anonymousRequest, gather } from '../harness/crowd.ts';
import type { Scenario } from '../harness/scenario.ts';

const CONNECTIONS = 10_000;
const ASKING = 100;
const ANSWER_BYTES = 20;
const ANSWER_MS = 5000;

export const idleConnections: Scenario = {
  name: 'idle-connections',
  title: '10,000 connections that are idle',
  async run({ balancer, scale, phaseMs, count }) {
    const guests = await gather(balancer.port, CONNECTIONS * scale);
    await sleep(phaseMs);
    const open = guests.filter(({ isOpen }) => isOpen);
    count('idle', open.length);
    const asking = open.slice(0, ASKING);
    for (const { socket } of asking) socket.write(anonymousRequest(ANSWER_BYTES));
    const unanswered = (): number => asking.filter(({ receivedBytes }) => receivedBytes < ANSWER_BYTES).length;
    for (const end = performance.now() + ANSWER_MS; unanswered() > 0 && performance.now() < end; ) await sleep(20);
    for (const { socket } of guests) socket.destroy();
    if (open.length < guests.length) throw new Error(`only ${open.length} of ${guests.length} connections stayed`);
    if (unanswered() > 0) throw new Error(`${unanswered()} idle connections were not served when they asked`);
  },
};
