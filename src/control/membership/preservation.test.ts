import { describe, expect, test } from 'vitest';
import { seededRng } from '../../core/testing/rng.ts';
import type { EndpointOptions } from '../pool-options.ts';
import { fakeScheduler } from '../testing/fake-scheduler.ts';
import { endpoint } from '../testing/membership.ts';
import { createMembership, type MembershipEvent } from './membership.ts';

/** A pool that is discovered as `first`, an id a letter. */
function setUp(first: string, given: { above?: number; graceMs?: number } = {}) {
  const time = fakeScheduler();
  const events: MembershipEvent[] = [];
  let tell: (endpoints: readonly EndpointOptions[]) => void = () => {};
  const listOf = (ids: string) => [...ids].map((id) => endpoint(id));
  const membership = createMembership({
    ...{ pool: 'api', endpoints: [], clock: time, rng: seededRng(1) },
    preservation: { scheduler: time, ...given },
    provider: {
      start(listener) {
        tell = listener;
        listener(listOf(first));
        return { stop() {} };
      },
    },
    onEvent: (event) => events.push(event),
  });
  const find = (ids: string) => tell(listOf(ids));
  const members = () =>
    membership
      .endpoints()
      .map(({ id }) => id)
      .sort()
      .join('');
  const said = () => events.filter(({ what }) => what === 'preservation').map(({ to, reason }) => `${to}: ${reason}`);
  return { time, membership, find, members, said, events };
}

const ON = 'on: 3 of 4 endpoints vanished at once; they are kept for 60 s';

describe('self-preservation', () => {
  test.each([
    { why: 'half of them', next: 'ab', want: 'ab' },
    { why: 'all of them, for as many others', next: 'wxyz', want: 'wxyz' },
    { why: 'all of them, for half as many', next: 'xy', want: 'xy' },
  ])('believes that $why are gone', ({ next, want }) => {
    const { find, members, said } = setUp('abcd');
    find(next);
    expect([members(), said()]).toEqual([want, []]);
  });

  test.each([
    { why: 'most of them', next: 'a', want: 'abcd', said: ON },
    { why: 'all of them', next: '', want: 'abcd', said: ON.replace('3', '4') },
    { why: 'all of them, for one other', next: 'x', want: 'abcdx', said: ON.replace('3', '4') },
  ])('keeps $why, and takes what is new', ({ next, want, said }) => {
    const world = setUp('abcd');
    world.find(next);
    expect([world.members(), world.said()]).toEqual([want, [said]]);
  });

  test('believes it after a while', () => {
    const { time, find, members, said } = setUp('abcd');
    find('a');
    time.advance(30_000);
    find('');
    find('a');
    time.advance(29_999);
    expect(members()).toBe('abcd');
    time.advance(1);
    expect([members(), said().at(-1)]).toEqual(['a', 'off: they are still gone after 60 s']);
    find('');
    expect(members()).toBe('a');
  });

  test('ends when enough are back, without those that are not', () => {
    const { time, find, members, said } = setUp('abcd');
    find('');
    find('bcd');
    expect([members(), said().at(-1)]).toEqual(['bcd', 'off: enough endpoints are there again']);
    expect(time.pending).toBe(0);
  });

  test('share and time are options', () => {
    const { time, find, members } = setUp('abcd', { above: 0.2, graceMs: 500 });
    find('abc');
    expect(members()).toBe('abcd');
    time.advance(500);
    expect(members()).toBe('abc');
  });

  test('nothing goes on after the end', () => {
    const { time, find, membership, events } = setUp('abcd');
    find('');
    membership.close();
    const before = events.length;
    time.advance(120_000);
    expect([events.length, time.pending]).toEqual([before, 0]);
  });
});
