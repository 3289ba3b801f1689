import { describe, expect, test } from 'vitest';
import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';

function load(listener: string, pool: string) {
  const text = `listeners: { db: { bind: "127.0.0.1:1", ${listener} } }\npools: { db: { ${pool} } }`;
  return parseConfig(text, { file: 'f', env: {} });
}

const PAIR = 'endpoints: [{ address: 1, role: primary }, { address: 2, role: replica }]';
const TWO = 'endpoints: [1, 2]';
const NEVER = /role: no endpoint of pool "db" is primary, and no check tells; give an endpoint that role/;

describe('role', () => {
  test.each([
    { listener: 'protocol: tcp, pool: db, role: primary', pool: PAIR },
    { listener: 'routes: [{ pool: db, role: replica }]', pool: PAIR },
    { listener: 'routes: [{ pools: [{ pool: db }], role: replica }]', pool: PAIR },
    { listener: 'protocol: tcp, pool: db, role: replica', pool: `${TWO}, health: { type: redis }` },
    { listener: 'protocol: tcp, pool: db, role: primary', pool: `${TWO}, health: { type: mysql, user: a }` },
  ])('$listener', ({ listener, pool }) => {
    const result = load(listener, pool);
    expect(result.ok ? result.warnings : result.problems.map(formatProblem)).toEqual([]);
    const [route] = result.ok ? result.config.listeners.db!.routes : [];
    expect(route?.role).toBe(/role: (\w+)/.exec(listener)![1]);
  });

  test.each([
    { why: 'nobody has it', listener: 'protocol: tcp, pool: db, role: primary', pool: TWO, want: NEVER },
    {
      why: 'nobody has it of several pools',
      listener: 'routes: [{ pools: [{ pool: db }], role: primary }]',
      pool: TWO,
      want: NEVER,
    },
    {
      why: 'a check that cannot see it',
      listener: 'protocol: tcp, pool: db, role: primary',
      pool: `${TWO}, health: { type: postgres }`,
      want: NEVER,
    },
    {
      why: 'beside routes',
      listener: 'role: primary, routes: [{ pool: db }]',
      pool: PAIR,
      want: /stands beside routes/,
    },
    {
      why: 'without a pool',
      listener: 'routes: [{ redirect: { to: / }, role: primary }, { pool: db }]',
      pool: PAIR,
      want: /means nothing without a pool/,
    },
    {
      why: 'another word',
      listener: 'pool: db, role: master',
      pool: PAIR,
      want: /expected primary or replica|primary, replica/,
    },
  ])('refuses: $why', ({ listener, pool, want }) => {
    const result = load(listener, pool);
    expect(result.ok ? '' : result.problems.map(formatProblem).join('\n')).toMatch(want);
  });
});
