import { describe, expect, test } from 'vitest';
import type { ProbeResult } from '../health/probe.ts';
import { endpoint, failed, health, named, setUpMembership as setUp } from '../testing/membership.ts';

/** What the check of an endpoint says. */
const SAYS = {
  P: { kind: 'passed', reason: 'it is primary', role: 'primary' },
  R: { kind: 'passed', reason: 'it is replica', role: 'replica' },
  '-': failed,
} as const satisfies Record<string, ProbeResult>;

/** Longer than it takes to be judged, up or down. */
const WHILE_MS = 10_000;
const ids = ['a', 'b', 'c'] as const;
const member = (id: (typeof ids)[number]) => endpoint(id, named(`10.0.0.${id === 'a' ? 1 : id === 'b' ? 2 : 3}`));

/** Each of `history` is what a, b and c say for a while: `PR-`. */
function lived(history: readonly string[]) {
  const world = setUp(ids.map(member), { health });
  for (const said of history) live(world, said);
  return world;
}

function live({ time, world }: ReturnType<typeof setUp>, said: string): void {
  ids.forEach((_, at) => void world.of.set(`10.0.0.${at + 1}:80`, SAYS[said[at] as keyof typeof SAYS]));
  time.advance(WHILE_MS);
}

const rolesOf = ({ membership }: ReturnType<typeof setUp>) =>
  membership
    .endpoints()
    .map(({ role }) => ({ primary: 'P', replica: 'R', none: '.' })[role ?? 'none'])
    .join('');

describe('several that say they are the primary', () => {
  test.each([
    { why: 'from the start: a cluster of several', history: ['PPP'], want: 'PPP' },
    { why: 'one of those that was away is one of them again', history: ['PPP', '-PP', 'PPP'], want: 'PPP' },
    { why: 'a replica that is promoted is the one', history: ['PRR', 'PPR'], want: '.PR' },
    { why: 'the last one that was promoted is', history: ['PRR', 'PPR', 'PPP'], want: '..P' },
    { why: 'a killed primary yields as soon as another is promoted', history: ['PRR', '-RR', '-PR'], want: '.PR' },
    { why: 'and when it is back', history: ['PRR', '-RR', '-PR', 'PPR'], want: '.PR' },
    { why: 'and while the promoted one does not answer', history: ['PRR', '-PR', 'PPR', 'P-R'], want: '.PR' },
    { why: 'as a replica it is a replica', history: ['PRR', '-PR', 'PPR', 'RPR'], want: 'RPR' },
    { why: 'and may be promoted in turn', history: ['PRR', '-PR', 'RPR', 'PPR'], want: 'P.R' },
    { why: 'it is the one once the other is a replica', history: ['PRR', '-PR', 'PPR', 'PRR'], want: 'PRR' },
    { why: 'a primary that nobody replaced is one again', history: ['PRR', '-RR', 'PRR'], want: 'PRR' },
    { why: 'a replica that comes back as a primary is none', history: ['PRR', 'P-R', 'PPR'], want: 'P.R' },
    { why: 'nor are two of them', history: ['PRR', 'P--', 'PPP'], want: 'P..' },
    { why: 'unless there is no other that answers', history: ['PRR', '--R', '-PR'], want: '.PR' },
    { why: 'who comes back so may be promoted later', history: ['PRR', 'P-R', 'PPR', 'PRR', 'PPR'], want: '.PR' },
  ])('$why', ({ history, want }) => {
    expect(rolesOf(lived(history))).toBe(want);
  });

  test('are told with the reason, and nobody is the primary for a moment who must not be', () => {
    const world = lived(['PRR', '-PR', 'PPR']);
    const roles = world.events.filter(({ what }) => what === 'role');
    expect(roles.slice(-2).map(({ endpoint, from, to, reason }) => [endpoint, from, to, reason])).toEqual([
      ['b', 'replica', 'primary', 'it is primary'],
      ['a', 'primary', 'none', 'it says primary, but b is'],
    ]);
    live(world, 'PP-');
    const told = world.events.length;
    live(world, 'PPP');
    expect(world.events.slice(told).map(({ endpoint, what, to }) => [endpoint, what, to])).toEqual([
      ['c', 'role', 'none'],
      ['c', 'health', 'up'],
    ]);
  });

  test.each(['maintenance', 'draining'] as const)('one that a person puts into %s outranks nobody', (mode) => {
    const world = lived(['PRR', '-PR', 'PPR']);
    world.membership.setMode('b', mode);
    expect(rolesOf(world)).toBe('PPR');
    world.membership.setMode('b', 'ready');
    expect(rolesOf(world)).toBe('.PR');
  });

  test('one that leaves the pool outranks nobody', () => {
    const world = lived(['PRR', '-PR', 'PPR']);
    world.replace(member('a'), member('c'));
    expect(rolesOf(world)).toBe('PR');
    expect(world.events.at(-1)).toMatchObject({ endpoint: 'a', from: 'none', to: 'primary' });
    const last = world.updates.at(-1)!;
    expect(last.kind === 'snapshot' && last.endpoints.map(({ role }) => role)).toEqual(['primary', 'replica']);
  });

  test('are told where all of them are used', () => {
    const world = lived(['PPR', 'RPR']);
    expect(world.events.filter(({ what }) => what === 'primaries')).toEqual([
      { pool: 'api', endpoint: '', what: 'primaries', from: '1', to: '2', reason: 'a, b say so; all are used' },
      { pool: 'api', endpoint: '', what: 'primaries', from: '2', to: '1', reason: 'there are not several any more' },
    ]);
  });
});
