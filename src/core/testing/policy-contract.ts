/**
 * What every policy promises, as tests: call it in the policy's own test file.
 *
 * `load` policies spread a sequence of requests, `key` policies send a request always to the same endpoint and spread keys.
 */
import { describe, expect, test } from 'vitest';
import type { Policy, PolicyDeps } from '../kernel/policy.ts';
import { describeSequences } from './policy-contract-sequences.ts';
import { describeAffinity, describeSpread } from './policy-contract-spread.ts';
import { endpoints } from './policy-deps.ts';
import { avoiding, clientRequest, PolicyDriver } from './policy-driver.ts';

export interface ContractSubject<O> {
  readonly options: O;
  /** What decides: the load and turn of endpoints (default), or the request's key. */
  readonly decidedBy?: 'load' | 'key';
}

/** Slots of a real pool have gaps. */
const SPARSE = [{ slot: 3 }, { slot: 17 }, { slot: 90 }];

export function describePolicyContract<O>(
  type: string,
  create: (options: O, deps: PolicyDeps) => Policy,
  { options, decidedBy = 'load' }: ContractSubject<O>,
): void {
  const driver = (seed = 1) => new PolicyDriver((deps) => create(options, deps), seed);
  describe(`${type} keeps the contract`, () => {
    describeEligibility(driver);
    describeMembership(driver);
    describeSequences(driver);
    if (decidedBy === 'load') describeSpread(driver);
    else describeAffinity(driver);
  });
}

function describeEligibility(driver: () => PolicyDriver): void {
  test('−1 before the first update and without members', () => {
    const subject = driver();
    expect(subject.take(clientRequest(0))).toBe(-1);
    subject.policy.update([]);
    expect(subject.take(clientRequest(0))).toBe(-1);
  });

  test('a lone endpoint serves everyone', () => {
    const subject = driver();
    subject.policy.update(endpoints([{ slot: 90 }]));
    expect(slotsOf(subject, 20)).toEqual(new Set([90]));
  });

  test('weight 0 never serves', () => {
    const subject = driver();
    subject.policy.update(endpoints([{ slot: 3, weight: 0 }, { slot: 17 }, { slot: 90, weight: 0 }]));
    expect(slotsOf(subject, 50)).toEqual(new Set([17]));
    subject.policy.setEligible(3, true);
    subject.policy.setEligible(17, false);
    expect(subject.take(clientRequest(0))).toBe(-1);
  });

  test('the avoided never serve; −1 when all are avoided', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    expect(slotsOf(subject, 50, [3, 90])).toEqual(new Set([17]));
    expect(slotsOf(subject, 50, [17])).toEqual(new Set([3, 90]));
    expect(slotsOf(subject, 5, [3, 17, 90])).toEqual(new Set([-1]));
  });

  test('the ineligible never serve and return when they are eligible again', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    subject.policy.setEligible(3, false);
    expect(slotsOf(subject, 50)).toEqual(new Set([17, 90]));
    expect(slotsOf(subject, 5, [17, 90])).toEqual(new Set([-1]));
    subject.policy.setEligible(3, true);
    expect(slotsOf(subject, 50)).toEqual(new Set([3, 17, 90]));
  });

  test('a verdict about a stranger changes nothing', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    for (const slot of [0, 4, 5000]) subject.policy.setEligible(slot, true);
    for (const slot of [1, 91, 6000]) subject.policy.setEligible(slot, false);
    expect(slotsOf(subject, 50)).toEqual(new Set([3, 17, 90]));
  });
}

function describeMembership(driver: () => PolicyDriver): void {
  test('an update keeps the eligibility of those that stay, whatever their place and weight', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    subject.policy.setEligible(17, false);
    subject.policy.update(endpoints([{ slot: 40 }, { slot: 17, weight: 9 }, { slot: 3 }]));
    expect(slotsOf(subject, 50)).toEqual(new Set([3, 40]));
  });

  test('a slot given to another endpoint starts eligible', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    subject.policy.setEligible(17, false);
    subject.policy.update(endpoints([{ slot: 3 }, { slot: 17, id: 'newcomer' }]));
    expect(slotsOf(subject, 50)).toEqual(new Set([3, 17]));
  });

  test('an outcome may come after its endpoint left', () => {
    const subject = driver();
    subject.policy.update(endpoints([{ slot: 90 }]));
    const slot = subject.take(clientRequest(0));
    subject.policy.update(endpoints([{ slot: 3 }]));
    subject.finish(slot, false);
    expect(slotsOf(subject, 10)).toEqual(new Set([3]));
    const last = subject.take(clientRequest(0));
    subject.policy.update([]);
    subject.finish(last);
    expect(subject.take(clientRequest(0))).toBe(-1);
  });
}

/** The slots that serve `count` clients, one after the other. */
function slotsOf(subject: PolicyDriver, count: number, avoided?: readonly number[]): Set<number> {
  const avoid = avoided === undefined ? null : avoiding(avoided);
  return new Set(Array.from({ length: count }, (_, index) => subject.takeAndFinish(clientRequest(index), avoid)));
}
