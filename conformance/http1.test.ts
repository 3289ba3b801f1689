import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { cleanUp, eachTransport } from './harness/suite.ts';
import { headers } from './scenarios/http1-headers.ts';
import { limits } from './scenarios/http1-limits.ts';
import { messages } from './scenarios/http1-messages.ts';
import { routes } from './scenarios/http1-routes.ts';
import { streaming } from './scenarios/http1-streaming.ts';
import { upstream } from './scenarios/http1-upstream.ts';
import { startWorld, type World } from './scenarios/http1-world.ts';

eachTransport('http1', (transport, scenario) => {
  const keep = cleanUp();
  let world: World;

  beforeAll(async () => {
    world = await startWorld(transport, keep);
  }, 120_000);

  beforeEach(() => {
    for (const backend of [world.a, world.b]) backend.reset();
  });

  afterEach(() => {
    expect([...world.a.violations, ...world.b.violations], 'the backends accept every byte').toEqual([]);
    expect(world.balancer.alive(), `alive: ${world.balancer.output().slice(-500)}`).toBe(true);
  });

  for (const group of [messages, headers, routes, limits, upstream, streaming]) {
    for (const [name, run] of Object.entries(group)) scenario(name, () => run(world));
  }
});
