import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { policies } from '../src/core/policies/registry.ts';

// In a process of its own: how soon the collector runs, and so what can be measured, depends on all that is alive.
const script = new URL('./pick.ts', import.meta.url).pathname;

// 3 endpoints are compared one by one, 100 are more than policies compare. A pick that looks at all of 10,000 may be too slow
// to try as many as the collector needs (null); what it runs is what it runs for 100.
test.each(policies.types)(
  '%s allocates nothing for a pick and its outcome',
  (type) => {
    const text = execFileSync(process.execPath, [script, '--json', '--endpoints', '3,100,10000', '--policy', type], {
      encoding: 'utf8',
    });
    const { rows } = JSON.parse(text) as { rows: { endpoints: number; bytesPerPick: number | null }[] };
    const bytes = new Map(rows.map(({ endpoints, bytesPerPick }) => [endpoints, bytesPerPick]));
    expect([bytes.get(3), bytes.get(100)]).toEqual([0, 0]);
    expect([0, null]).toContain(bytes.get(10_000));
  },
  60_000,
);
