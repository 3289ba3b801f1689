import { readFileSync } from 'node:fs';
import { sleep } from '../../harness/sockets.ts';
import { anonymousRequest, gather } from '../harness/crowd.ts';
import type { Scenario } from '../harness/scenario.ts';

const CONNECTIONS = 10_000;
/** Of the descriptors that a balancer may have: every client may need one to an endpoint. */
const CLIENT_SHARE = 0.45;
const ASKING = 100;
const ANSWER_BYTES = 20;
const ANSWER_MS = 5000;

export const idleConnections: Scenario = {
  name: 'idle-connections',
  title: '10,000 connections that are idle (fewer where descriptors are)',
  async run({ balancer, scale, phaseMs, count }) {
    const guests = await gather(balancer.port, Math.min(CONNECTIONS, CLIENT_SHARE * descriptorLimit()) * scale);
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

function descriptorLimit(): number {
  return Number(/Max open files +(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024);
}
