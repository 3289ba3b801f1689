import { describe, expect, test } from 'vitest';
import { createPickRequest, type PickRequest } from '../../core/kernel/policy.ts';
import { createPolicy, policies } from '../../core/policies/registry.ts';
import { seededRng } from '../../core/testing/rng.ts';
import { member, setUpPicker } from '../testing/picker.ts';
import type { PickerOptions } from './picker.ts';
import { Tried } from './picker.ts';

const SEED = 7;
const ROUNDS = 60;

const clientOf = (index: number): PickRequest => ({
  ...createPickRequest(),
  key: `user-${index % 9}`,
  clientIp: `10.0.0.${index % 9}`,
});

/** A small pool is compared endpoint by endpoint, of a large one some are drawn. */
const SIZES = [5, 70];

function setUp(type: string, size: number) {
  const options: Partial<PickerOptions> = { createPolicy: (deps) => createPolicy(type, deps), rng: seededRng(SEED) };
  return setUpPicker(
    Array.from({ length: size }, (_, key) => member(key, { weight: 1 + (key % 3), backup: key % 5 === 4 })),
    { ...options, guards: { circuitBreaker: { failures: 2, openForMs: 500 } } },
  );
}

/** What happens to a picker in rounds, and whom it picked; `before` each pick. */
function run(type: string, size: number, before: (picker: ReturnType<typeof setUp>, request: PickRequest) => void) {
  const set = setUp(type, size);
  const { picker, clock } = set;
  const underWay: [slot: number, ticket: number][] = [];
  const ids: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const request = clientOf(round);
    before(set, request);
    const slot = picker.pick(request, null);
    ids.push(slot < 0 ? '-' : picker.endpoint(slot).id);
    if (slot >= 0) underWay.push([slot, picker.ticket]);
    if (round % 4 === 3) {
      const [ended, ticket] = underWay.shift()!;
      picker.done(ended, { ok: ended % 3 !== 0, latencyMs: 1 + 10 * ended }, 1, ticket);
    }
    clock.advance(20);
  }
  return ids;
}

describe('explain names the endpoint of the next pick and changes nothing', () => {
  test.each(policies.types.flatMap((type) => SIZES.map((size) => [type, size] as const)))('%s of %i', (type, size) => {
    const named: string[] = [];
    const picked = run(type, size, ({ picker }, request) => {
      picker.explain(clientOf(3), null);
      named.push(picker.explain(request).endpoint ?? '-');
    });
    expect(named).toEqual(picked);
    expect(picked).toEqual(run(type, size, () => {}));
  });
});

describe('explain says why not', () => {
  const reasonsOf = (set: ReturnType<typeof setUpPicker>, tried: Tried | null = null) =>
    Object.fromEntries(set.picker.explain(createPickRequest(), tried).endpoints.map((each) => [each.id, each.reasons]));

  test('slow verdicts', () => {
    const set = setUpPicker([
      member(0),
      member(1, { mode: 'draining' }),
      member(2, { health: 'down' }),
      member(3, { weight: 0 }),
      member(4, { addresses: [] }),
      member(5, { mode: 'maintenance', health: 'down' }),
      member(6, { backup: true }),
    ]);
    expect(reasonsOf(set)).toEqual({
      e0: [],
      e1: ['mode is draining'],
      e2: ['its checks say down'],
      e3: ['weight is 0'],
      e4: ['its name has no address'],
      e5: ['mode is maintenance', 'its checks say down'],
      e6: ['is a backup, and a primary can serve'],
    });
  });

  test('a breaker with its time, and half-open', () => {
    const set = setUpPicker([member(0), member(1)], { guards: { circuitBreaker: { failures: 1, openForMs: 5000 } } });
    set.run(2, (id) => id !== 'e1');
    set.clock.advance(1500);
    expect(reasonsOf(set).e1).toEqual(['circuit breaker is open, for 3.5 s more']);
    set.clock.advance(3500);
    expect(reasonsOf(set).e1).toEqual([]);
    expect(set.take(4)).toContain('e1');
    expect(reasonsOf(set).e1).toEqual(['circuit breaker is half-open, and every probe is under way']);
  });

  test('an ejection with its time; where guards would leave nobody, that', () => {
    const outliers = { consecutiveFailures: 2, maxEjected: 1, minEligible: 0, baseEjectionMs: 30_000 };
    const set = setUpPicker([member(0), member(1)], { guards: { outliers } });
    set.run(4, (id) => id !== 'e1');
    expect(reasonsOf(set).e1).toEqual(['ejected, for 30 s more']);
    set.run(4, () => false);
    const { notes, endpoint } = set.picker.explain(createPickRequest());
    expect(notes).toEqual(['breakers and ejections are ignored: they would leave nobody']);
    expect(endpoint).toBeDefined();
  });

  test('panic', () => {
    const set = setUpPicker([member(0), member(1, { health: 'down' }), member(2, { health: 'down' })], {
      guards: { panic: { below: 0.5 } },
    });
    expect(set.picker.explain(createPickRequest()).notes).toEqual([
      'panic: too few endpoints pass their checks, so checks are not believed',
    ]);
    expect(reasonsOf(set)).toEqual({ e0: [], e1: [], e2: [] });
  });

  test('limits, tries, roles; nobody', () => {
    const set = setUpPicker([member(0, { maxConnections: 1, role: 'primary' }), member(1, { role: 'replica' })]);
    const tried = new Tried();
    tried.add(1);
    expect(set.take(1, tried)).toEqual(['e0']);
    expect(reasonsOf(set, tried)).toEqual({ e0: ['at its limit: 1 of 1'], e1: ['was tried before'] });
    expect(set.picker.explain(createPickRequest(), tried).none).toBe('all-at-limit');
    const ofReplica = set.picker.explain(createPickRequest(), null, 'replica');
    expect(ofReplica.endpoint).toBe('e1');
    expect(ofReplica.endpoints[0]!.reasons).toEqual([
      'its role is primary, and only a replica will do',
      'at its limit: 1 of 1',
    ]);
  });

  test('numbers are those that the pick went by: evidence that had faded meanwhile', () => {
    const createAdaptive: PickerOptions['createPolicy'] = (deps) => createPolicy('adaptive', deps);
    const { picker, clock } = setUpPicker([member(0), member(1)], { createPolicy: createAdaptive });
    const request = createPickRequest();
    for (let i = 0; i < 40; i++) {
      const slot = picker.pick(request, null);
      picker.done(slot, { ok: true, latencyMs: slot === 0 ? 5 : 50 });
    }
    const slownessOf = () => picker.explain(request).endpoints.map((each) => each.policy['slowness'] as number);
    const before = slownessOf()[1]!;
    clock.advance(60_000);
    // A pick looks anew at one of them.
    const after = slownessOf().some((each, index) => index === 1 && each < before);
    picker.done(picker.pick(request, null), { ok: true, latencyMs: -1, neutral: true });
    expect(after || slownessOf()[1]! < before).toBe(true);
  });

  test('numbers of the policy', () => {
    const createAdaptive: PickerOptions['createPolicy'] = (deps) => createPolicy('adaptive', deps);
    const set = setUpPicker([member(0), member(1)], { createPolicy: createAdaptive });
    expect(set.picker.explain(createPickRequest()).endpoints[0]!.policy).toMatchObject({ load: 0, slowness: 1 });
  });
});
