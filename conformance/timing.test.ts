import { beforeAll, expect } from 'vitest';
import { because, cleanUp, eachTransport } from './harness/suite.ts';
import { answers } from './scenarios/timing-answers.ts';
import { uploads } from './scenarios/timing-uploads.ts';
import { startTimingWorld, type TimingWorld } from './scenarios/timing-world.ts';

const cases = [...answers, ...uploads];

eachTransport('timing', (transport, scenario) => {
  const keep = cleanUp();
  const runs = new Map<string, Promise<void>>();
  let world: TimingWorld;

  beforeAll(async () => {
    world = await startTimingWorld(cases, transport, keep);
    // At one time, since each mostly waits; a scenario reports how its own ended.
    for (const { name, run } of cases) {
      const running = run(world.sites.get(name)!);
      running.catch(() => {});
      runs.set(name, running);
    }
  }, 120_000);

  for (const { name, why } of cases) {
    scenario(name, async () => {
      await because(why, runs.get(name)!);
      expect(world.sites.get(name)!.backend.violations, 'the backend accepts every byte').toEqual([]);
      expect(world.balancer.alive(), `alive: ${world.balancer.output().slice(-500)}`).toBe(true);
    });
  }
});
