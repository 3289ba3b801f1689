import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { policies } from '../src/core/policies/registry.ts';

// In a process of its own: how soon the collector runs, and so what can be measured, depends on all that is alive.
const script = new URL('./pick.ts', import.meta.url).pathname;

// 8 endpoints are compared one by one, 70 are more than policies compare.
test.each(policies.types)(
  '%s allocates nothing for a pick and its outcome',
  (type) => {
    const text = execFileSync(process.execPath, [script, '--json', '--endpoints', '8,70', '--policy', type], {
      encoding: 'utf8',
    });
    const { rows } = JSON.parse(text) as { rows: { endpoints: number; bytesPerPick: number | null }[] };
    expect(rows.map(({ endpoints, bytesPerPick }) => ({ endpoints, bytesPerPick }))).toEqual([
      { endpoints: 8, bytesPerPick: 0 },
      { endpoints: 70, bytesPerPick: 0 },
    ]);
  },
  30_000,
);
