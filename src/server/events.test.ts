import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ServerHappening } from './events.ts';

type Kind = ServerHappening['kind'];
type WhatOf<K extends Kind> = Extract<ServerHappening, { readonly kind: K; readonly what: string }>['what'];
/** All of them: the compiler refuses one too few or too many. */
type All<T extends string> = Readonly<Record<T, true>>;

const KINDS: All<Kind> = {
  ...{ membership: true, guard: true, overload: true, policy: true, listening: true, draining: true, drained: true },
  ...{ 'worker-stuck': true, 'worker-died': true, 'worker-replaced': true, reloaded: true, 'reload-refused': true },
  ...{
    audit: true,
    'state-restored': true,
    'state-failed': true,
    'log-failed': true,
    tracing: true,
    exception: true,
    note: true,
  },
};

const WHATS: { readonly [K in 'membership' | 'guard' | 'overload']: All<WhatOf<K>> } = {
  membership: {
    ...{ health: true, role: true, primaries: true, mode: true, weight: true },
    ...{ membership: true, addresses: true, preservation: true },
  },
  guard: { breaker: true, ejection: true, 'slow-start': true, panic: true },
  overload: {
    ...{ queue: true, 'adaptive-limit': true, 'retry-budget': true },
    ...{ connections: true, 'per-source': true, descriptors: true },
  },
};

test('the guide has a row for each event, and no other', () => {
  const guide = readFileSync(new URL('../../docs/guides/observability.md', import.meta.url), 'utf8');
  const rows = guide
    .split('\n## Events\n')[1]!
    .split('\n## ')[0]!
    .matchAll(/^\| (`[^|]*) \|([^|]*)\|/gm);
  const documented = [...rows].flatMap(([, kinds, what]) =>
    kinds!.split(', ').map((kind) => `${kind.replaceAll('`', '')} ${what!.replaceAll('`', '').trim()}`.trim()),
  );
  const told = Object.keys(KINDS).flatMap((kind) =>
    kind in WHATS ? Object.keys(WHATS[kind as keyof typeof WHATS]).map((what) => `${kind} ${what}`) : [kind],
  );
  expect(documented.sort()).toEqual(told.sort());
});
