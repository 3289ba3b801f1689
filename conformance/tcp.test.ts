import { afterEach, beforeAll, expect } from 'vitest';
import { cleanUp, eachTransport } from './harness/suite.ts';
import { startTcpWorld, type TcpWorld, tcp } from './scenarios/tcp.ts';

eachTransport('tcp', (transport, scenario) => {
  const keep = cleanUp();
  let world: TcpWorld;

  beforeAll(async () => {
    world = await startTcpWorld(transport, keep);
  }, 120_000);

  afterEach(() => expect(world.balancer.alive(), `alive: ${world.balancer.output().slice(-500)}`).toBe(true));

  for (const [name, run] of Object.entries(tcp)) scenario(name, () => run(world));
});
