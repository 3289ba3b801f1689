import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../conformance/harness/sockets.ts';
import type { OpenLoopResult } from './open-loop.ts';
import { acceptsTcp, runProgram, startProgram, temporaryDirectory, untilReady } from './processes.ts';

// One look at the whole path: the origin's places and weather, the load's arrivals. Without a balancer every request meets
// the first of three endpoints, which serves 4 at a time: 500 a second are more than its 400, so the line grows.
test('a workload’s arrivals meet one endpoint of its origin, which queues them', async () => {
  const ports = [await freePort(), await freePort(), await freePort()];
  const file = (name: string) => join(import.meta.dir, name);
  const command = [process.execPath, file('slow-origin.ts'), 'three', ports.join(',')];
  const origin = startProgram({ name: 'slow-origin', command, directory: temporaryDirectory() });
  try {
    await untilReady(origin, () => acceptsTcp(ports[2]!));
    await fetch(`http://127.0.0.1:${ports[0]}/restart?seed=1`);
    const words = [ports[0]!, 'three', 1, 1, 400].map(String);
    const output = await runProgram([process.execPath, file('workload-load.ts'), ...words]);
    const result = JSON.parse(output) as OpenLoopResult;
    // Poisson: 500 in a second, with a deviation of 22.
    expect(Math.abs(result.requests - 500)).toBeLessThan(5 * 22);
    // Work for 1.25 s arrives in one: the last wait a quarter of a second at least, had the endpoint no overhead.
    expect(result.maxUs).toBeGreaterThan(100_000);
  } finally {
    await origin.stop();
  }
}, 20_000);
