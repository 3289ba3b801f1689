import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describePolicyContract,
  endpoints,
  pickRequest,
  policyDeps,
  scriptedRng,
  seededRng,
} from '../testing/index.ts';
import { fewestFailures } from './fewest-failures.ts';

const options = { type: 'fewest-failures' } as const;
describePolicyContract('fewest-failures', fewestFailures.create, { options });

const failed = { ok: false, latencyMs: 1 };
const succeeded = { ok: true, latencyMs: 1 };

describe('fewest-failures', () => {
  test.each([
    { why: 'one that failed is left alone', outcomes: [[failed], []], draws: [], want: 1 },
    { why: 'a success forgives', outcomes: [[failed, failed, succeeded], [failed]], draws: [], want: 0 },
    { why: 'a tie is drawn: the second', outcomes: [[], []], draws: [0], want: 1 },
    { why: 'a tie is drawn: the first', outcomes: [[], []], draws: [1], want: 0 },
  ])('$why', ({ outcomes, draws, want }) => {
    const policy = fewestFailures.create(options, policyDeps({ rng: scriptedRng(draws) }));
    policy.update(endpoints(outcomes.length));
    for (const [slot, list] of outcomes.entries()) for (const outcome of list) policy.done(slot, outcome);
    expect(policy.pick(pickRequest(), null)).toBe(want);
  });

  test('never picks one that failed more often than another', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 20 }), fc.integer(), (failures, seed) => {
        const policy = fewestFailures.create(options, policyDeps({ rng: seededRng(seed) }));
        policy.update(endpoints(failures.length));
        for (const [slot, count] of failures.entries()) for (let i = 0; i < count; i++) policy.done(slot, failed);
        expect(failures[policy.pick(pickRequest(), null)]).toBe(Math.min(...failures));
      }),
    );
  });
});
