import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { cleanUp, eachTransport } from './harness/suite.ts';
import { hedges } from './scenarios/survival-hedges.ts';
import { queue } from './scenarios/survival-queue.ts';
import { retries } from './scenarios/survival-retries.ts';
import { type SurvivalWorld, startSurvivalWorld } from './scenarios/survival-world.ts';

eachTransport('survival', (transport, scenario) => {
  const keep = cleanUp();
  let world: SurvivalWorld;

  beforeAll(async () => {
    world = await startSurvivalWorld(transport, keep);
  }, 120_000);

  beforeEach(() => {
    for (const backend of [world.a, world.b, world.c]) backend.reset();
  });

  afterEach(() => {
    const violations = [world.a, world.b, world.c].flatMap((backend) => backend.violations);
    expect(violations, 'the backends accept every byte').toEqual([]);
    expect(world.balancer.alive(), `alive: ${world.balancer.output().slice(-500)}`).toBe(true);
    expect(world.balancer.output(), 'no exception').not.toContain('was ended by');
  });

  for (const group of [retries, queue, hedges]) {
    for (const [name, run] of Object.entries(group)) scenario(name, () => run(world), 120_000);
  }
});
