import { expect, test } from 'vitest';
import { createPickRequest } from '../../core/kernel/policy.ts';
import type { Rng } from '../../core/kernel/rng.ts';
import { createPolicy, policies } from '../../core/policies/registry.ts';
import { fakeClock } from '../../core/testing/fake-clock.ts';
import { checkWalks } from '../../core/testing/random-walk.ts';
import type { MemberSnapshot } from '../membership/snapshot.ts';
import { Picker, Tried } from './picker.ts';

const ENDPOINTS = 12;
const WALKS = 100;
const STEPS = 4000;
const LIMITS = [1, 1, 2, 5, 40];
const HEALTHS = ['up', 'up', 'unknown', 'down'] as const;
const MODES = ['ready', 'ready', 'ready', 'draining'] as const;
const addresses = [{ kind: 'tcp', host: '127.0.0.1', port: 1 }] as const;

let steps = 0;

/** What the property test compares exactly and slowly, tried often: nobody is below nothing or above its limit. */
function walk(type: string, rng: Rng, count: number): void {
  const clock = fakeClock();
  const picker = new Picker({ pool: 'p', createPolicy: (deps) => createPolicy(type, deps), clock, rng });
  const request = createPickRequest();
  const tried = new Tried();
  const limits = new Float64Array(ENDPOINTS);
  const underWay: { slot: number; cost: number }[] = [];
  const requests = new Int32Array(ENDPOINTS);
  const costs = new Int32Array(ENDPOINTS);
  const drawn = <T>(list: readonly T[]) => list[rng.below(list.length)]!;
  let version = 0;

  function state() {
    return { mode: drawn(MODES), health: drawn(HEALTHS), addresses };
  }

  /** The same endpoints with other limits and weights: a limit that falls below what is under way ends nothing. */
  function snapshot(): void {
    const endpoints = Array.from({ length: ENDPOINTS }, (_, key): MemberSnapshot => {
      limits[key] = drawn(LIMITS);
      return {
        ...state(),
        key,
        slot: key,
        id: `e${key}`,
        weight: rng.below(4),
        maxConnections: limits[key],
        backup: key > 9,
      };
    });
    picker.apply({ kind: 'snapshot', version: ++version, endpoints });
  }

  function pick(): void {
    request.key = `user-${rng.below(50)}`;
    request.cost = 1 + rng.below(3);
    if (rng.below(3) > 0) tried.clear();
    const slot = picker.pick(request, tried);
    if (slot < 0) return;
    must(!tried.has(slot), 'one that was tried is picked again');
    must(requests[slot]! < limits[slot]!, 'an endpoint is above its limit');
    requests[slot]!++;
    costs[slot]! += request.cost;
    underWay.push({ slot, cost: request.cost });
    tried.add(slot);
  }

  function finish(): void {
    const last = underWay.pop();
    if (last === undefined) return;
    const at = rng.below(underWay.length + 1);
    const ended = at < underWay.length ? underWay[at]! : last;
    if (at < underWay.length) underWay[at] = last;
    picker.done(ended.slot, { ok: rng.below(5) > 0, latencyMs: rng.below(100) }, ended.cost);
    requests[ended.slot]!--;
    costs[ended.slot]! -= ended.cost;
  }

  snapshot();
  for (let step = 0; step < count; step++, steps++) {
    const kind = rng.below(200);
    if (kind === 0) snapshot();
    else if (kind < 8) picker.apply({ kind: 'change', version: ++version, key: rng.below(ENDPOINTS), ...state() });
    else if (kind < 10) clock.advance(rng.below(1000));
    else if (kind < 110) pick();
    else finish();
    const slot = rng.below(ENDPOINTS);
    must(picker.inFlight.of(slot) === costs[slot], 'cost in flight is another than that of the picks under way');
    must(picker.requestsOf(slot) === requests[slot], 'requests in flight are others than the picks under way');
  }
  while (underWay.length > 0) finish();
  must(picker.inFlight.total() === 0, 'something is left in flight');
}

/** `expect` is too slow for millions of them. */
function must(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

// Four million operations in all where time allows.
test.each(policies.types)(
  'no count below 0, no endpoint above its limit, nothing left over, with %s',
  (type) => {
    const before = steps;
    checkWalks((rng, count) => walk(type, rng, count), WALKS, STEPS, 3);
    expect(steps - before).toBeGreaterThan(STEPS);
  },
  30_000,
);
