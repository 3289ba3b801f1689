import { sleep } from '../../harness/sockets.ts';
import type { Origin } from '../harness/origin.ts';
import type { Scenario, Stage } from '../harness/scenario.ts';

export const drains: Scenario = {
  name: 'drains',
  title: 'each endpoint in turn is drained and put into maintenance, and killed there',
  suits: ({ kind }) => kind === 'equipoise',
  async run(stage) {
    for (const origin of stage.origins) {
      await setMode(stage, origin, 'draining');
      await expectUntouched(origin, stage.phaseMs / 2);
      await setMode(stage, origin, 'maintenance');
      await origin.kill();
      await sleep(stage.phaseMs / 4);
      await origin.restart();
      await setMode(stage, origin, 'ready');
      await sleep(stage.phaseMs / 2);
    }
    stage.count('drained', stage.origins.length);
  },
};

/** Resolves when every worker keeps to it. */
async function setMode({ balancer }: Stage, { port }: Origin, mode: string): Promise<void> {
  const id = encodeURIComponent(`127.0.0.1:${port}`);
  const answer = await fetch(`http://127.0.0.1:${balancer.adminPort}/api/v1/pools/main/endpoints/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ mode }),
  });
  if (!answer.ok) throw new Error(`PATCH ${mode}: ${answer.status} ${await answer.text()}`);
}

/** What had been picked before arrives within a moment; then nothing does. */
async function expectUntouched(origin: Origin, forMs: number): Promise<void> {
  const MOMENT_MS = 100;
  await sleep(MOMENT_MS);
  const heads = (): number => origin.notes().filter(({ what }) => what === 'head').length;
  const before = heads();
  await sleep(forMs);
  if (heads() > before) throw new Error(`an endpoint that drains got ${heads() - before} requests`);
}
