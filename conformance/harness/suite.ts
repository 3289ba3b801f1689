import { afterAll, describe, expect, test } from 'vitest';
import type { RecordingBackend } from './backend.ts';
import type { Balancer, TransportName } from './balancer.ts';

const ALL: readonly TransportName[] = ['bun', 'node'];
const named = process.env.CONFORMANCE_TRANSPORTS?.split(',');
/** Both, or those named in CONFORMANCE_TRANSPORTS (comma-separated). */
export const transports = ALL.filter((each) => !named || named.includes(each));

export type Scenario = (name: string, run: () => Promise<void>, timeoutMs?: number) => void;

/** Runs `body` once per transport. Every scenario that passes prints a line, and both transports must pass equally many. */
export function eachTransport(group: string, body: (transport: TransportName, scenario: Scenario) => void): void {
  const passed = new Map<TransportName, number>(transports.map((each) => [each, 0]));
  for (const transport of transports) {
    describe(`${group} transport=${transport}`, () => {
      body(transport, (name, run, timeoutMs = 120_000) => {
        test(
          `${name} transport=${transport}`,
          async () => {
            await run();
            passed.set(transport, passed.get(transport)! + 1);
            console.log(`ok ${group}: ${name} transport=${transport}`);
          },
          timeoutMs,
        );
      });
    });
  }
  test(`${group}: equal counts`, () => {
    console.log(`${group}: ${[...passed].map(([name, count]) => `transport=${name} ${count}`).join(', ')}`);
    expect(new Set(passed.values()).size).toBe(1);
  });
}

/** Puts the reason for a scenario before what it failed with. */
export async function because(why: string, run: Promise<void>): Promise<void> {
  try {
    await run;
  } catch (cause) {
    throw new Error(`${cause instanceof Error ? cause.message : cause} (${why})`, { cause });
  }
}

/** Stops what a group started, in reverse order, whatever failed before. */
export function cleanUp(): (thing: Balancer | RecordingBackend | { close(): unknown }) => void {
  const things: { close?(): unknown; stop?(): unknown }[] = [];
  afterAll(async () => {
    for (const thing of things.reverse()) await (thing.stop?.() ?? thing.close?.());
  }, 120_000);
  return (thing) => void things.push(thing);
}
