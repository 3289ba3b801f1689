import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPickRequest, type Policy, type PolicyDeps } from '../../core/kernel/policy.ts';
import { createPolicy, policies } from '../../core/policies/registry.ts';
import { fakeClock } from '../../core/testing/fake-clock.ts';
import { seededRng } from '../../core/testing/rng.ts';
import { Slots } from '../membership/slots.ts';
import type { MemberSnapshot } from '../membership/snapshot.ts';
import { strictPolicy } from '../testing/strict-policy.ts';
import type { GuardOptions } from './guards.ts';
import { Picker, Tried } from './picker.ts';

const ENDPOINTS = 5;
const addresses = [{ kind: 'tcp', host: '127.0.0.1', port: 1 }] as const;

const states = {
  mode: fc.constantFrom('ready', 'ready', 'draining', 'maintenance'),
  health: fc.constantFrom('up', 'unknown', 'down'),
  addresses: fc.constantFrom(addresses, addresses, []),
} as const;
const endpoint = fc.record({
  key: fc.nat(ENDPOINTS - 1),
  weight: fc.constantFrom(1, 1, 3, 0),
  maxConnections: fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
  ...states,
});
const snapshot = fc.record({
  do: fc.constant('snapshot'),
  endpoints: fc.uniqueArray(endpoint, { selector: (e) => e.key }),
});
const change = fc.record({ do: fc.constant('change'), key: fc.nat(ENDPOINTS - 1), ...states });
const pick = fc.record({ do: fc.constant('pick'), retry: fc.boolean(), cost: fc.constantFrom(1, 1, 1, 7) });
const done = fc.record({ do: fc.constant('done'), which: fc.nat(), ok: fc.constantFrom(true, false) });
const wait = fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(1, 100, 1000, 10_000) });
const replace = fc.record({ do: fc.constant('replace') });
const step = fc.oneof(
  { weight: 2, arbitrary: snapshot },
  { weight: 4, arbitrary: change },
  { weight: 12, arbitrary: pick },
  { weight: 8, arbitrary: done },
  { weight: 2, arbitrary: wait },
  { weight: 1, arbitrary: replace },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A picker beside a naive model of it; every step compares the two. */
class Comparison {
  readonly picker: Picker;
  readonly clock = fakeClock();
  readonly members = new Map<number, MemberSnapshot>();
  readonly underWay: { slot: number; id: string; cost: number; ticket: number }[] = [];
  readonly tried = new Tried();
  readonly request = createPickRequest();
  readonly create: (deps: PolicyDeps) => Policy;
  readonly guards: GuardOptions | undefined;
  readonly slots = new Slots((slot) => this.picker.requestsOf(slot) > 0);
  version = 0;
  most = 0;

  constructor(create: (deps: PolicyDeps) => Policy, guards?: GuardOptions) {
    this.create = create;
    this.guards = guards;
    const options = { pool: 'p', createPolicy: create, clock: this.clock, rng: seededRng(1) };
    this.picker = new Picker({ ...options, ...(guards !== undefined && { guards }) });
  }

  run(given: Step): void {
    if (given.do === 'snapshot') this.snapshot(given.endpoints);
    else if (given.do === 'change') this.change(given);
    else if (given.do === 'pick') this.pick(given.retry, given.cost);
    else if (given.do === 'done') this.done(given.which, given.ok);
    else if (given.do === 'wait') this.clock.advance(given.ms);
    else this.picker.replacePolicy(this.create);
    const left = new Set(this.underWay.map((each) => each.id)).size;
    this.most = Math.max(this.most, this.members.size + left);
    for (const { slot, id } of this.underWay) this.must(this.picker.endpoint(slot).id === id, 'another has its slot');
    for (let slot = 0; slot < 2 * ENDPOINTS; slot++) {
      const taken = this.underWay.filter((each) => each.slot === slot);
      const cost = taken.reduce((sum, each) => sum + each.cost, 0);
      this.must(this.picker.inFlight.of(slot) === cost, `slot ${slot} has another cost in flight`);
      this.must(this.picker.requestsOf(slot) === taken.length, `slot ${slot} has another number in flight`);
    }
  }

  /** `expect` is too slow for a million of them. */
  must(holds: boolean, message: string): void {
    if (!holds) throw new Error(message);
  }

  snapshot(endpoints: Extract<Step, { do: 'snapshot' }>['endpoints']): void {
    const before = new Map(this.members);
    const slotOf = (key: number) => before.get(key)?.slot ?? this.slots.take();
    const next = endpoints.map((each) => ({
      ...each,
      id: `e${each.key}`,
      backup: each.key % 2 === 1,
      slot: slotOf(each.key),
    }));
    this.members.clear();
    for (const { key } of next) before.delete(key);
    for (const { slot } of before.values()) this.slots.leave(slot, this.version + 1);
    for (const each of next) this.members.set(each.key, each);
    this.picker.apply({ kind: 'snapshot', version: ++this.version, endpoints: next });
  }

  change({ key, mode, health, addresses }: Extract<Step, { do: 'change' }>): void {
    const member = this.members.get(key);
    if (member !== undefined) this.members.set(key, { ...member, mode, health, addresses });
    this.picker.apply({ kind: 'change', version: ++this.version, key, mode, health, addresses });
  }

  pick(retry: boolean, cost: number): void {
    if (!retry) this.tried.clear();
    const eligible = this.eligible();
    const free = eligible.filter((each) => !this.isTried(each) && !this.isFull(each));
    this.request.cost = cost;
    const slot = this.picker.pick(this.request, this.tried);
    if (this.guards !== undefined) this.checkGuarded(slot, eligible, free);
    else this.checkExact(slot, eligible, free);
    if (slot < 0) return;
    this.underWay.push({ slot, id: this.picker.endpoint(slot).id, cost, ticket: this.picker.ticket });
    this.tried.add(slot);
  }

  /** Mode, weight, address, and a check's word as far as panic lets it count. */
  eligible(): MemberSnapshot[] {
    const willing = [...this.members.values()].filter(
      (each) => each.mode === 'ready' && each.weight > 0 && each.addresses.length > 0,
    );
    const healthy = willing.filter((each) => each.health !== 'down');
    return healthy.length < willing.length * (this.guards?.panic?.below ?? 0) ? willing : healthy;
  }

  checkExact(slot: number, eligible: readonly MemberSnapshot[], free: readonly MemberSnapshot[]): void {
    if (slot < 0) {
      expect(free).toEqual([]);
      expect(this.picker.noneReason(this.tried)).toBe(this.reason(eligible));
      return;
    }
    const primaries = free.filter((each) => !each.backup);
    const { id } = this.picker.endpoint(slot);
    expect((primaries.length > 0 ? primaries : free).map((each) => each.id)).toContain(id);
  }

  /** Guards may hold back some of those that are free, but never all of a pool that has not been tried. */
  checkGuarded(slot: number, eligible: readonly MemberSnapshot[], free: readonly MemberSnapshot[]): void {
    if (slot >= 0) expect(free.map((each) => each.id)).toContain(this.picker.endpoint(slot).id);
    else if (eligible.length > 0) expect(eligible.every((each) => free.includes(each))).toBe(false);
  }

  /** By slot, as the picker sees it: an endpoint that came back has another, and a slot another endpoint. */
  slotOf({ id }: MemberSnapshot): number {
    const slots = Array.from({ length: 2 * ENDPOINTS }, (_, slot) => slot);
    return slots.find((slot) => this.picker.isMember(slot) && this.picker.endpoint(slot).id === id) ?? -1;
  }

  isTried(member: MemberSnapshot): boolean {
    return this.tried.has(this.slotOf(member));
  }

  isFull(member: MemberSnapshot): boolean {
    return this.underWay.filter(({ slot }) => slot === this.slotOf(member)).length >= member.maxConnections;
  }

  reason(eligible: readonly MemberSnapshot[]): string {
    if (this.members.size === 0) return 'no-endpoints';
    if (eligible.length === 0) return 'none-eligible';
    return eligible.every((each) => this.isTried(each)) ? 'all-tried' : 'all-at-limit';
  }

  done(which: number, ok: boolean): void {
    if (this.underWay.length === 0) return;
    const [ended] = this.underWay.splice(which % this.underWay.length, 1);
    this.picker.done(ended!.slot, { ok, latencyMs: 1 }, ended!.cost, ended!.ticket);
  }
}

const byType = (type: string) => (deps: PolicyDeps) => createPolicy(type, deps);
const subjects = [
  { type: 'a strict policy', create: strictPolicy },
  ...policies.types.map((type) => ({ type, create: byType(type) })),
];

/** So touchy that a few failures set off each of them. */
const allGuards: GuardOptions = {
  circuitBreaker: { failures: 2, openForMs: 500, halfOpen: 1 },
  outliers: { consecutiveFailures: 2, baseEjectionMs: 700, maxEjected: 1, intervalMs: 1000, minRequests: 2 },
  slowStart: { windowMs: 3000 },
  panic: { below: 0.5 },
};

describe('Picker', () => {
  const steps = fc.array(step, { maxLength: 90 });

  test.each(subjects)('keeps every promise over any sequence of events with $type', ({ create }) => {
    fc.assert(
      fc.property(steps, (given) => {
        const comparison = new Comparison(create);
        for (const each of given) comparison.run(each);
        for (const { slot } of comparison.underWay) expect(slot).toBeLessThan(Math.max(1, comparison.most));
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  // The strict policy refuses a picker that tells it anything wrong; the rings rebuild on every weight.
  test.each([
    { type: 'a strict policy', create: strictPolicy },
    { type: 'least-connections', create: byType('least-connections') },
    { type: 'ring-hash', create: byType('ring-hash') },
  ])(
    'and with every guard, with $type',
    ({ create }) => {
      fc.assert(
        fc.property(steps, (given) => {
          const comparison = new Comparison(create, allGuards);
          for (const each of given) comparison.run(each);
        }),
        { numRuns: 2500, seed: 2 },
      );
    },
    60_000,
  );
});
