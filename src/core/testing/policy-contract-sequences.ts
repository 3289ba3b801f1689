import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Endpoint } from '../kernel/endpoint.ts';
import { avoiding, clientRequest, type PolicyDriver } from './policy-driver.ts';

type Step =
  | { readonly kind: 'update'; readonly members: readonly Endpoint[] }
  | { readonly kind: 'eligible'; readonly slot: number; readonly eligible: boolean }
  | {
      readonly kind: 'pick';
      readonly client: number;
      readonly times: number;
      readonly avoided: readonly number[] | null;
    }
  | { readonly kind: 'done'; readonly index: number; readonly ok: boolean; readonly latencyMs: number };

const slot = fc.constantFrom(0, 3, 17, 18, 90, 200);
const member = fc.record({
  slot,
  id: fc.constantFrom('a', 'b'),
  weight: fc.constantFrom(0, 0.5, 1, 3),
});
const few = fc.uniqueArray(member, { selector: (each) => each.slot, maxLength: 6 });
/** More than policies compare one by one; slots as sparse as above. */
const many = fc
  .tuple(few, fc.integer({ min: 65, max: 90 }))
  .map(([some, count]) => [
    ...some,
    ...Array.from({ length: count }, (_, i) => ({ slot: 201 + 2 * i, id: 'm', weight: 1 })),
  ]);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('update' as const), members: fc.oneof(few, few, many) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('eligible' as const), slot, eligible: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('pick' as const),
      client: fc.nat({ max: 20 }),
      // A burst reaches everyone of a large pool.
      times: fc.constantFrom(1, 1, 1, 150),
      avoided: fc.option(fc.array(slot, { maxLength: 6 })),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('done' as const),
      index: fc.nat(),
      ok: fc.boolean(),
      latencyMs: fc.constantFrom(-1, 0, 1, 50, 10_000),
    }),
  },
);

/** Random sequences against the plainest model: who may be picked, and which picks have no outcome yet. */
export function describeSequences(driver: (seed?: number) => PolicyDriver): void {
  test('any sequence of calls picks an allowed endpoint, and −1 only when there is none', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer(), (steps, seed) => {
        const model = new Model(driver(seed));
        for (const each of steps) model.run(each);
      }),
      { numRuns: 150 },
    );
  });
}

class Model {
  readonly #subject: PolicyDriver;
  #members = new Map<number, Endpoint>();
  readonly #down = new Set<number>();
  #underWay: number[] = [];

  constructor(subject: PolicyDriver) {
    this.#subject = subject;
  }

  run(step: Step): void {
    if (step.kind === 'update') this.#update(step.members);
    else if (step.kind === 'pick') this.#pick(step);
    else if (step.kind === 'eligible') this.#setEligible(step.slot, step.eligible);
    else this.#done(step.index, step.ok, step.latencyMs);
  }

  #update(members: readonly Endpoint[]): void {
    for (const { slot, id } of members) {
      if (this.#members.get(slot)?.id === id) continue;
      this.#down.delete(slot);
      // A slot is given away only after its last pick has an outcome.
      for (const each of this.#underWay) if (each === slot) this.#subject.finish(slot);
      this.#underWay = this.#underWay.filter((each) => each !== slot);
    }
    this.#members = new Map(members.map((each) => [each.slot, each]));
    for (const slot of this.#down) if (!this.#members.has(slot)) this.#down.delete(slot);
    this.#subject.policy.update(members);
  }

  #setEligible(slot: number, eligible: boolean): void {
    this.#subject.policy.setEligible(slot, eligible);
    if (eligible || !this.#members.has(slot)) this.#down.delete(slot);
    else this.#down.add(slot);
  }

  #pick({ client, times, avoided }: Extract<Step, { kind: 'pick' }>): void {
    const avoid = avoided === null ? null : avoiding(avoided);
    const allowed = [...this.#members.values()]
      .filter(({ slot, weight }) => weight > 0 && !this.#down.has(slot) && !avoid?.has(slot))
      .map(({ slot }) => slot);
    for (let i = 0; i < times; i++) {
      const picked = this.#subject.take(clientRequest(client + i), avoid);
      if (allowed.length === 0 ? picked !== -1 : !allowed.includes(picked)) expect(allowed).toContain(picked);
      if (picked >= 0) this.#underWay.push(picked);
    }
  }

  #done(index: number, ok: boolean, latencyMs: number): void {
    if (this.#underWay.length === 0) return;
    const [slot] = this.#underWay.splice(index % this.#underWay.length, 1);
    this.#subject.finish(slot!, ok, latencyMs);
  }
}
