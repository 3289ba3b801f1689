import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

// In a process of its own, as for picks: what can be measured depends on all that is alive.
const script = new URL('./tracing.ts', import.meta.url).pathname;

test('a request that is not traced allocates nothing for that', () => {
  const text = execFileSync(process.execPath, [script, '--json'], { encoding: 'utf8' });
  const { rows } = JSON.parse(text) as { rows: { what: string; bytes: number | null }[] };
  expect(rows.map(({ bytes }) => bytes)).toEqual([0, 0]);
}, 60_000);
