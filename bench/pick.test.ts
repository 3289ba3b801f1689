import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { policies } from '../src/core/policies/registry.ts';

// In a process of its own: how soon the collector runs, and so what can be measured, depends on all that is alive.
const script = new URL('./pick.ts', import.meta.url).pathname;

/** By the number of endpoints. */
function bytesPerPick(policy: string, endpoints: string, proofMs: number): Map<number, number | null> {
  const words = ['--json', '--endpoints', endpoints, '--policy', policy, '--proof-ms', `${proofMs}`];
  const { rows } = JSON.parse(execFileSync(process.execPath, [script, ...words], { encoding: 'utf8' })) as {
    rows: { endpoints: number; bytesPerPick: number | null }[];
  };
  return new Map(rows.map((row) => [row.endpoints, row.bytesPerPick]));
}

// 3 endpoints are compared one by one, 100 are more than policies compare. A pick that looks at all of 10,000 may be too slow
// to try as many as the collector needs (null); what it runs is what it runs for 100. A minute is far more than a busy machine
// takes for the others.
test.each(policies.types)(
  '%s allocates nothing for a pick and its outcome',
  (type) => {
    expect([...bytesPerPick(type, '3,100', 60_000).values()]).toEqual([0, 0]);
    expect([0, null]).toContain(bytesPerPick(type, '10000', 5000).get(10_000));
  },
  240_000,
);
