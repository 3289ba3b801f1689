import { expect, test } from 'vitest';
import type { PickRequest, Policy } from '../kernel/policy.ts';
import { endpoints } from './policy-deps.ts';
import { avoiding, clientRequest, type PolicyDriver } from './policy-driver.ts';
import { runTrace } from './policy-trace.ts';

const SEEDS = [1, 2, 3];

/** That a policy is a function of what it is told: of its seed, its calls and its members, and of nothing else. */
export function describePurity(driver: (seed?: number) => PolicyDriver): void {
  test('the same seed and the same calls give the same picks', () => {
    for (const seed of SEEDS) expect(runTrace(driver(seed), { seed })).toEqual(runTrace(driver(seed), { seed }));
  });

  test('a pick leaves its request as it was', () => {
    const subject = driver();
    subject.policy.update(endpoints(5));
    for (let client = 0; client < 100; client++) {
      const request = { ...clientRequest(client), jump: client % 3, cost: 1 + (client % 2), zone: 'z' };
      const given = { ...request };
      subject.take(request);
      expect(request).toEqual(given);
    }
  });

  if (driver().policy.explain !== undefined) describeExplanation(driver);
  if (driver().policy.pickMany !== undefined) describeOrder(driver);
}

/** A dry run. */
export function describePreview(driver: (seed?: number) => PolicyDriver): void {
  test('a preview names the next pick and changes nothing', () => {
    for (const seed of SEEDS) {
      const subject = driver(seed);
      const previewed: number[] = [];
      const preview = (request: PickRequest, slots: readonly number[]) => {
        // Neither does one that avoids somebody.
        subject.preview(request, avoiding(slots.slice(0, 1)));
        previewed.push(subject.preview(request));
      };
      const picked = runTrace(subject, { seed, before: preview });
      expect(previewed).toEqual(picked);
      expect(picked).toEqual(runTrace(driver(seed), { seed }));
    }
  });
}

function describeExplanation(driver: (seed?: number) => PolicyDriver): void {
  test('an explanation has words and finite numbers, draws nothing and changes nothing', () => {
    for (const seed of SEEDS) {
      const subject = driver(seed);
      const explain = (request: PickRequest, slots: readonly number[]) => {
        const { draws } = subject;
        for (const slot of slots) expectFinite(subject.policy.explain!(slot, request));
        expect(subject.draws).toBe(draws);
      };
      expect(runTrace(subject, { seed, before: explain })).toEqual(runTrace(driver(seed), { seed }));
    }
  });
}

function expectFinite(explanation: Readonly<Record<string, number | string>>): void {
  const wrong = Object.entries(explanation).filter(([, value]) => typeof value !== 'string' && !Number.isFinite(value));
  expect(wrong).toEqual([]);
}

function describeOrder(driver: (seed?: number) => PolicyDriver): void {
  test('pickMany gives different endpoints that may serve, as many as there are, the preferred first', () => {
    const subject = driver();
    const { policy } = subject;
    policy.update(endpoints([{ slot: 3 }, { slot: 17 }, { slot: 20, weight: 0 }, { slot: 40 }, { slot: 90 }]));
    policy.setEligible(17, false);
    for (let client = 0; client < 50; client++) {
      const request = clientRequest(client);
      const all = policy.pickMany!(request, 9);
      expect([...all].sort((a, b) => a - b)).toEqual([3, 40, 90]);
      expect(request).toEqual(clientRequest(client));
      for (const count of [0, 1, 2, 3]) expect(policy.pickMany!(request, count)).toEqual(all.slice(0, count));
    }
    policy.update([]);
    expect(policy.pickMany!(clientRequest(0), 2)).toEqual([]);
  });
}

/** What was learned of an endpoint is kept as long as it stays, and leaves with it. */
export function describeLearning(driver: () => PolicyDriver, learned: (policy: Policy, slot: number) => unknown): void {
  function taught(): PolicyDriver {
    const subject = driver();
    subject.policy.update(endpoints([{ slot: 3 }, { slot: 17 }, { slot: 90 }]));
    for (let round = 0; round < 20; round++) {
      for (const slot of [3, 17, 90]) {
        const others = [3, 17, 90].filter((each) => each !== slot);
        subject.finish(subject.take(clientRequest(round), avoiding(others)), true, slot === 17 ? 200 : 10);
      }
      subject.clock.advance(10);
    }
    return subject;
  }

  test('what was learned of those that stay survives an update, whatever their place', () => {
    const { policy } = taught();
    const before = [3, 17, 90].map((slot) => learned(policy, slot));
    expect(before[1]).not.toEqual(before[0]);
    policy.update(endpoints([{ slot: 40 }, { slot: 90 }, { slot: 17 }, { slot: 3 }]));
    expect([3, 17, 90].map((slot) => learned(policy, slot))).toEqual(before);
  });

  test.each([
    { why: 'removed and added again', left: endpoints([{ slot: 3 }, { slot: 90 }]), id: 'e17' },
    { why: 'in a slot of another', left: endpoints([{ slot: 3 }, { slot: 17 }, { slot: 90 }]), id: 'newcomer' },
  ])('$why, an endpoint is as new', ({ left, id }) => {
    const { policy } = taught();
    policy.update(left);
    policy.update(endpoints([{ slot: 3 }, { slot: 17, id }, { slot: 40 }, { slot: 90 }]));
    expect(learned(policy, 17)).toEqual(learned(policy, 40));
  });
}
