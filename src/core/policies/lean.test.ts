import { versions } from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { InFlightCounts } from '../load/in-flight.ts';
import { endpoints, policyDeps } from '../testing/index.ts';
import { clientRequest } from '../testing/policy-driver.ts';
import { createPolicy, policies } from './registry.ts';

const onBun = versions['bun'] !== undefined;

/** 16 MiB at 8 bytes each: several times what Bun's collector waits for. */
const PICKS = 2_000_000;

/**
 * True when the collector ran during `work`: one of some objects that nothing holds is gone. They are made in an earlier
 * job, because a `WeakRef` holds its object until the end of the job that made it or that last looked.
 */
async function collectsDuring(work: () => void): Promise<boolean> {
  for (;;) {
    const references = Array.from({ length: 200 }, (_, i) => new WeakRef({ i }));
    const others = Array.from({ length: 200 }, (_, i) => new WeakRef({ i }));
    await setImmediate();
    // The collector may have run between the two jobs.
    if (others.some(isCollected)) continue;
    work();
    return references.some(isCollected);
  }
}

const isCollected = (reference: WeakRef<object>) => reference.deref() === undefined;

// On Bun, whose compilers keep doubles out of the heap; bench/pick.ts prints the numbers.
describe.skipIf(!onBun)('a pick and its outcome allocate nothing', () => {
  test('what allocates is found', async () => {
    const kept: unknown[] = [];
    const allocates = () => {
      for (let i = 0; i < PICKS; i++) kept[i & 63] = { i };
    };
    expect(await collectsDuring(allocates)).toBe(true);
  });

  test.each(
    policies.types.flatMap((type) => [
      { type, size: 8 },
      { type, size: 70 },
    ]),
  )(
    '$type, $size endpoints',
    async ({ type, size }) => {
      const inFlight = new InFlightCounts();
      const policy = createPolicy(type, policyDeps({ inFlight }));
      policy.update(endpoints(size));
      const requests = Array.from({ length: 64 }, (_, i) => clientRequest(i));
      const outcome = { ok: true, latencyMs: 5 };
      const picks = (count: number) => {
        for (let i = 0; i < count; i++) {
          const slot = policy.pick(requests[i & 63]!, null);
          inFlight.start(slot);
          inFlight.finish(slot);
          policy.done(slot, outcome);
        }
      };
      picks(10_000);
      expect(await collectsDuring(() => picks(PICKS))).toBe(false);
    },
    20_000,
  );
});

describe.skipIf(!onBun)('a policy on its own carries no zod', () => {
  test.each(policies.definitions.map(({ type }) => type))('%s', async (type) => {
    const name = type.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const entry = new URL(`./${type}.ts`, import.meta.url).pathname;
    const { build } = await import('bun');
    const { outputs } = await build({
      entrypoints: ['entry.ts'],
      files: { 'entry.ts': `export { ${name} } from ${JSON.stringify(entry)};` },
      minify: { syntax: true },
    });
    const text = await outputs[0]!.text();
    expect(text).toContain(type);
    expect(text).not.toMatch(/zod|strictObject/i);
    expect(text.length).toBeLessThan(20_000);
  });
});
