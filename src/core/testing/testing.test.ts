import { describe, expect, test } from 'vitest';
import { endpoints, fakeClock, fixedInFlight, pickRequest, policyDeps, scriptedRng, seededRng } from './index.ts';
import { PolicyDriver } from './policy-driver.ts';

describe('scriptedRng', () => {
  test('answers in turn, then refuses', () => {
    const rng = scriptedRng([0.5, 2]);
    expect([rng.next(), rng.below(3)]).toEqual([0.5, 2]);
    expect(() => rng.below(1)).toThrow('below(1) is draw 3 of 2');
  });

  test.each([
    { draw: 1, call: 'next' as const },
    { draw: 3, call: 'below' as const },
    { draw: -1, call: 'below' as const },
  ])('refuses $draw for $call', ({ draw, call }) => {
    const rng = scriptedRng([draw]);
    expect(() => (call === 'next' ? rng.next() : rng.below(3))).toThrow(`cannot give ${draw}`);
  });
});

test('PolicyDriver counts a pick until just before its outcome', () => {
  const seen: number[] = [];
  const driver = new PolicyDriver(
    ({ inFlight }) => ({
      update: () => undefined,
      setEligible: () => undefined,
      pick: () => {
        seen.push(inFlight.of(3));
        return 3;
      },
      done: (slot) => void seen.push(10 + inFlight.of(slot)),
    }),
    1,
  );
  driver.take(pickRequest());
  driver.take(pickRequest());
  driver.finish(3);
  driver.takeAndFinish(pickRequest());
  expect(seen).toEqual([0, 1, 11, 1, 11]);
});

test('fakeClock moves only when it is told', () => {
  const clock = fakeClock(100);
  clock.advance(1.5);
  clock.advance(1);
  expect([clock.now(), clock.now()]).toEqual([102.5, 102.5]);
});

test('endpoints: a number, or what differs', () => {
  expect(endpoints(2)).toEqual([
    { slot: 0, id: 'e0', weight: 1 },
    { slot: 1, id: 'e1', weight: 1 },
  ]);
  expect(endpoints([{ slot: 9 }, { id: 'b', weight: 2, zone: 'z' }])).toEqual([
    { slot: 9, id: 'e9', weight: 1 },
    { slot: 1, id: 'b', weight: 2, zone: 'z' },
  ]);
});

test('policyDeps: every part can be replaced', () => {
  const clock = fakeClock();
  const deps = policyDeps({ clock, inFlight: fixedInFlight([0, 4]) });
  expect(deps.clock).toBe(clock);
  expect([deps.inFlight.of(1), deps.inFlight.of(9)]).toEqual([4, 0]);
  expect(policyDeps().rng.next()).toBe(seededRng(1).next());
  expect(pickRequest({ key: 'k' })).toEqual({ key: 'k', clientIp: '', zone: '', cost: 1, jump: 0 });
});
