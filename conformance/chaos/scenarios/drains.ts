import { sleep } from '../../harness/sockets.ts';
import type { Origin } from '../harness/origin.ts';
import type { Scenario } from '../harness/scenario.ts';

export const drains: Scenario = {
  name: 'drains',
  title: 'each endpoint in turn is drained and put into maintenance, and killed there',
  // The open source NGINX has no such modes at run time.
  suits: ({ kind }) => kind !== 'nginx',
  async run(stage) {
    const setMode = stage.balancer.setMode!;
    for (const origin of stage.origins) {
      await setMode(origin.port, 'draining');
      await expectUntouched(origin, stage.phaseMs / 2);
      await setMode(origin.port, 'maintenance');
      await origin.kill();
      await sleep(stage.phaseMs / 4);
      await origin.restart();
      await setMode(origin.port, 'ready');
      await sleep(stage.phaseMs / 2);
    }
    stage.count('drained', stage.origins.length);
  },
};

/** What had been picked before arrives within a moment; then nothing does. */
async function expectUntouched(origin: Origin, forMs: number): Promise<void> {
  const MOMENT_MS = 100;
  await sleep(MOMENT_MS);
  const heads = (): number => origin.notes().filter(({ what }) => what === 'head').length;
  const before = heads();
  await sleep(forMs);
  if (heads() > before) throw new Error(`an endpoint that drains got ${heads() - before} requests`);
}
