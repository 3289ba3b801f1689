/**
 * What every policy promises, as tests: call it in the policy's own test file.
 *
 * `load` policies spread a sequence of requests, `key` policies send a request always to the same endpoint and spread keys.
 */
import { describe, expect, test } from 'vitest';
import type { Policy, PolicyDeps } from '../kernel/policy.ts';
import { describeLearning, describePreview, describePurity } from './policy-contract-purity.ts';
import { describeSequences } from './policy-contract-sequences.ts';
import { describeSizes } from './policy-contract-sizes.ts';
import { describeAffinity, describeSpread } from './policy-contract-spread.ts';
import { endpoints } from './policy-deps.ts';
import { avoiding, clientRequest, PolicyDriver } from './policy-driver.ts';

/** What the contract must know of a policy to test it. */
export interface ContractSubject<O> {
  readonly options: O;
  /**
   * What decides: the load and turn of endpoints (default), or the request's key. Of the others only who may be picked
   * is tested: the key as long as the load allows it, or the endpoints' place, by which not everyone gets a turn.
   */
  readonly decidedBy?: 'load' | 'key' | 'key-and-load' | 'place';
  /** How long each answer takes, by default 10 ms. What a policy takes a newcomer for, where it is nothing neutral. */
  readonly latencyMs?: number;
  /**
   * What the policy has learned of the endpoint with this slot, for a policy that learns: equal for two that are new, and
   * not for two whose latencies differ. Then it is tested that it survives updates, and leaves with its endpoint.
   */
  readonly learned?: (policy: Policy, slot: number) => unknown;
  /** Its picks change what `save` cannot bring back, as a user's function may; previews are not tested then. */
  readonly keepsTurns?: boolean;
}

/** Slots of a real pool have gaps. */
const SPARSE = [{ slot: 3 }, { slot: 17 }, { slot: 90 }];

/** Declares the tests of what every policy promises; call it in the policy's own test file. */
export function describePolicyContract<O>(
  type: string,
  create: (options: O, deps: PolicyDeps) => Policy,
  { options, decidedBy = 'load', latencyMs, learned, keepsTurns = false }: ContractSubject<O>,
): void {
  const driver = (seed = 1) => new PolicyDriver((deps) => create(options, deps), seed, latencyMs);
  const expectServing = decidedBy === 'place' ? expectSomeOf : expectAllOf;
  describe(`${type} keeps the contract`, () => {
    describeEligibility(driver, expectServing);
    describeMembership(driver, expectServing);
    describeSequences(driver);
    describePurity(driver);
    if (!keepsTurns) describePreview(driver);
    describeSizes(driver, decidedBy);
    if (learned !== undefined) describeLearning(driver, learned);
    if (decidedBy === 'load') describeSpread(driver);
    if (decidedBy === 'key') describeAffinity(driver);
  });
}

function describeEligibility(driver: () => PolicyDriver, expectServing: ExpectServing): void {
  test('−1 before the first update and without members', () => {
    const subject = driver();
    expect(subject.take(clientRequest(0))).toBe(-1);
    subject.policy.update([]);
    expect(subject.take(clientRequest(0))).toBe(-1);
  });

  test('a lone endpoint serves everyone', () => {
    const subject = driver();
    subject.policy.update(endpoints([{ slot: 90 }]));
    expectServing(slotsOf(subject, 20), [90]);
  });

  test('weight 0 never serves', () => {
    const subject = driver();
    subject.policy.update(endpoints([{ slot: 3, weight: 0 }, { slot: 17 }, { slot: 90, weight: 0 }]));
    expectServing(slotsOf(subject, 50), [17]);
    subject.policy.setEligible(3, true);
    subject.policy.setEligible(17, false);
    expect(subject.take(clientRequest(0))).toBe(-1);
  });

  test('the avoided never serve; −1 when all are avoided', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    expectServing(slotsOf(subject, 50, [3, 90]), [17]);
    expectServing(slotsOf(subject, 50, [17]), [3, 90]);
    expectServing(slotsOf(subject, 5, [3, 17, 90]), [-1]);
  });

  test('the ineligible never serve and return when they are eligible again', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    subject.policy.setEligible(3, false);
    expectServing(slotsOf(subject, 50), [17, 90]);
    expectServing(slotsOf(subject, 5, [17, 90]), [-1]);
    subject.policy.setEligible(3, true);
    expectServing(slotsOf(subject, 50), [3, 17, 90]);
  });

  test('a verdict about a stranger changes nothing', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    for (const slot of [0, 4, 5000]) subject.policy.setEligible(slot, true);
    for (const slot of [1, 91, 6000]) subject.policy.setEligible(slot, false);
    expectServing(slotsOf(subject, 50), [3, 17, 90]);
  });
}

function describeMembership(driver: () => PolicyDriver, expectServing: ExpectServing): void {
  test('an update keeps the eligibility of those that stay, whatever their place and weight', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    subject.policy.setEligible(17, false);
    subject.policy.update(endpoints([{ slot: 40 }, { slot: 17, weight: 9 }, { slot: 3 }]));
    expectServing(slotsOf(subject, 50), [3, 40]);
  });

  test('a slot given to another endpoint starts eligible', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    subject.policy.setEligible(17, false);
    subject.policy.update(endpoints([{ slot: 3 }, { slot: 17, id: 'newcomer' }]));
    expectServing(slotsOf(subject, 50), [3, 17]);
  });

  test('removed and added again, an endpoint is eligible', () => {
    const subject = driver();
    subject.policy.update(endpoints(SPARSE));
    subject.policy.setEligible(17, false);
    subject.policy.update(endpoints([{ slot: 3 }, { slot: 90 }]));
    subject.policy.setEligible(17, false);
    subject.policy.update(endpoints(SPARSE));
    expectServing(slotsOf(subject, 50), [3, 17, 90]);
  });

  test('an outcome may come after its endpoint left', () => {
    const subject = driver();
    subject.policy.update(endpoints([{ slot: 90 }]));
    const slot = subject.take(clientRequest(0));
    subject.policy.update(endpoints([{ slot: 3 }]));
    subject.finish(slot, false);
    expectServing(slotsOf(subject, 10), [3]);
    const last = subject.take(clientRequest(0));
    subject.policy.update([]);
    subject.finish(last);
    expect(subject.take(clientRequest(0))).toBe(-1);
  });
}

type ExpectServing = (serving: ReadonlySet<number>, wanted: readonly number[]) => void;

const expectAllOf: ExpectServing = (serving, wanted) => expect(serving).toEqual(new Set(wanted));

const expectSomeOf: ExpectServing = (serving, wanted) => {
  expect(serving.size).toBeGreaterThan(0);
  for (const slot of serving) expect(wanted).toContain(slot);
};

/** The slots that serve `count` clients, one after the other. */
function slotsOf(subject: PolicyDriver, count: number, avoided?: readonly number[]): Set<number> {
  const avoid = avoided === undefined ? null : avoiding(avoided);
  return new Set(Array.from({ length: count }, (_, index) => subject.takeAndFinish(clientRequest(index), avoid)));
}
