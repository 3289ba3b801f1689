import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { cleanUp, eachTransport } from './harness/suite.ts';
import { policies } from './scenarios/policies.ts';
import { type PolicyWorld, startPolicyWorld } from './scenarios/policies-world.ts';

eachTransport('policies', (transport, scenario) => {
  const keep = cleanUp();
  let world: PolicyWorld;

  beforeAll(async () => {
    world = await startPolicyWorld(transport, keep);
  }, 120_000);

  beforeEach(() => {
    for (const backend of world.backends) backend.reset();
  });

  afterEach(() => {
    expect(
      world.backends.flatMap(({ violations }) => violations),
      'the backends accept every byte',
    ).toEqual([]);
    expect(world.balancer.alive(), `alive: ${world.balancer.output().slice(-500)}`).toBe(true);
  });

  for (const [name, run] of Object.entries(policies)) scenario(name, () => run(world));
});
