import { describe, expect, test } from 'vitest';
import { describePolicyContract, endpoints, fixedInFlight, pickRequest, policyDeps } from '../testing/index.ts';
import { avoiding } from '../testing/policy-driver.ts';
import { type Candidate, createFunctionPolicy, type FunctionFailure, type PickFunction } from './function-policy.ts';

/** In turn, by weight: whoever is furthest behind its part. */
function fair(): PickFunction {
  const served = new Map<string, number>();
  return (_request, candidates) => {
    const due = (each: Candidate) => ((served.get(each.id) ?? 0) + 1) / each.weight;
    const next = candidates.reduce((first, each) => (due(each) < due(first) ? each : first));
    served.set(next.id, (served.get(next.id) ?? 0) + 1);
    return next;
  };
}

// Its list of turns outlives endpoints that leave, as a user's would: only who may be picked is tested.
describePolicyContract('a function', (_options, deps) => createFunctionPolicy(fair(), deps), {
  options: {},
  decidedBy: 'key-and-load',
  keepsTurns: true,
});

describePolicyContract(
  'least-connections in the place of a function that fails',
  (_options, deps) => createFunctionPolicy(() => -1, deps),
  { options: {} },
);

function setUp(choose: PickFunction, members = endpoints(3)) {
  const failures: FunctionFailure[] = [];
  const deps = policyDeps({ inFlight: fixedInFlight([4, 5, 6]) });
  const policy = createFunctionPolicy(choose, deps, (failure) => failures.push(failure));
  policy.update(members);
  return { policy, failures };
}

describe('a function', () => {
  test('sees who may be picked, and their numbers', () => {
    let seen: Candidate[] = [];
    const members = endpoints([{ zone: 'a' }, { weight: 3 }, { location: { latitude: 1, longitude: 2 } }, {}]);
    const { policy } = setUp((_request, candidates) => {
      seen = candidates.map((each) => ({ ...each }));
      return 0;
    }, members);
    policy.setEligible(3, false);
    policy.done(1, { ok: false, latencyMs: 20 });
    policy.done(1, { ok: false, latencyMs: -1 });
    policy.done(2, { ok: true, latencyMs: 20 });
    expect(policy.pick(pickRequest(), avoiding([0]))).toBe(1);
    const shown = seen.map(({ id, weight, zone, location, inFlight, latencyMs, failures }) => [
      ...[id, weight, zone, location?.latitude, inFlight, latencyMs, failures],
    ]);
    expect(shown).toEqual([
      ['e1', 3, undefined, undefined, 5, 5000, 2],
      ['e2', 1, undefined, 1, 6, 20, 0],
    ]);
  });

  test('is not asked when there is nobody to choose from', () => {
    const { policy, failures } = setUp(() => 0);
    expect(policy.pick(pickRequest(), avoiding([0, 1, 2]))).toBe(-1);
    expect(failures).toEqual([]);
  });

  test('keeps what is known over a new weight, and not over a new endpoint', () => {
    const known: number[][] = [];
    const { policy } = setUp((_request, candidates) => {
      known.push(candidates.map((each) => each.failures));
      return 0;
    });
    policy.done(0, { ok: false, latencyMs: 1 });
    policy.update(endpoints([{ weight: 2 }, {}, {}]));
    policy.pick(pickRequest(), null);
    policy.update(endpoints([{ id: 'other' }, {}, {}]));
    policy.pick(pickRequest(), null);
    expect(known).toEqual([
      [1, 0, 0],
      [0, 0, 0],
    ]);
  });

  test('that fails in two ways is reported twice', () => {
    let asked = 0;
    const { policy, failures } = setUp((_request, _candidates) => {
      if (asked++ % 2 === 0) throw new TypeError('no');
      return Promise.resolve(0) as never;
    });
    const slots = Array.from({ length: 6 }, () => policy.pick(pickRequest(), null));
    expect(slots).toEqual([0, 0, 0, 0, 0, 0]);
    expect(failures).toEqual([
      { kind: 'threw', reason: 'the function threw TypeError: no' },
      { kind: 'bad-answer', reason: 'the function answered a promise, which is none of its 3 candidates' },
    ]);
  });
});
