import { sleep } from '../../harness/sockets.ts';
import { anonymousRequest, arrive } from '../harness/crowd.ts';
import type { Scenario } from '../harness/scenario.ts';

const CLIENTS = 5000;
const AT_ONCE = 100;
const LARGE_BYTES = 1_000_000;
const MOMENT_MS = 10;

/** What each of them sends before it goes away. */
const BEGINNINGS = [
  'GET /half-a-head HTTP/1.1\r\nHost: chaos',
  'POST /half-a-body HTTP/1.1\r\nHost: chaos.example\r\nContent-Length: 1000\r\n\r\nhalf',
  anonymousRequest(20),
  anonymousRequest(LARGE_BYTES),
];

export const clientDisconnects: Scenario = {
  name: 'client-disconnects',
  title: 'clients go away by the thousand, in the middle of heads, bodies and answers',
  async run({ balancer, scale, count }) {
    const clients = CLIENTS * scale;
    for (let index = 0; index < clients; index += AT_ONCE) {
      const group = Array.from({ length: AT_ONCE }, () => arrive(balancer.port));
      for (const [at, { socket }] of group.entries()) socket.write(BEGINNINGS[at % BEGINNINGS.length]!);
      await Promise.all(group.map(({ settled }) => settled));
      await sleep(MOMENT_MS);
      for (const [at, { socket }] of group.entries()) {
        if (Math.floor(at / BEGINNINGS.length) % 2 === 0) socket.resetAndDestroy();
        else socket.destroy();
      }
    }
    count('disconnects', clients);
  },
};
