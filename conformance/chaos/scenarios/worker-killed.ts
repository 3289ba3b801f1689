import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { sleep } from '../../harness/sockets.ts';
import type { Scenario } from '../harness/scenario.ts';

/** A client with this address kills the worker that picks for it. */
const KILLER = '127.0.0.66';
const POLICY = `export function pick(request, candidates) {
  if (request.clientIp === '${KILLER}') process.exit(1);
  let best = 0;
  for (let i = 1; i < candidates.length; i++) if (candidates[i].inFlight < candidates[best].inFlight) best = i;
  return best;
}
`;

export const workerKilled: Scenario = {
  name: 'worker-killed',
  title: 'a worker of two is killed, and replaced',
  excuse: 'its connections die with it',
  suits: ({ kind, workers }) => kind === 'equipoise' && workers > 1,
  prepare(directory) {
    const file = join(directory, 'policy.mjs');
    writeFileSync(file, POLICY);
    return { setting: { pool: { policy: { module: `${file}#pick` } } } };
  },
  async run({ balancer, turns, phaseMs, disrupted, count }) {
    for (let turn = 0; turn < turns; turn++) {
      const fromMs = Date.now();
      await killWorker(balancer.port);
      disrupted({ kind: 'worker-death', fromMs, toMs: Date.now() });
      await sleep(2 * phaseMs);
    }
    const deaths = balancer.output().match(/worker.*(died|ended)/gi)?.length ?? 0;
    count('deaths', deaths);
    if (deaths < turns) throw new Error(`${deaths} workers died, not ${turns}`);
  },
};

/** Resolves when its own connection has died with the worker. */
function killWorker(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: KILLER });
    const timer = setTimeout(() => reject(new Error('the worker lives on')), 5000);
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume().write('GET /die HTTP/1.1\r\nHost: chaos.example\r\n\r\n');
  });
}
