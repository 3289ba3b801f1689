import type { Endpoint } from '../../core/kernel/endpoint.ts';
import type { Avoid, Policy, PolicyDeps } from '../../core/kernel/policy.ts';

/** A policy that keeps its side of the contract, refuses a picker that does not, and remembers what it was told. */
export interface StrictPolicy extends Policy {
  /** As they were brought last. */
  readonly members: readonly Endpoint[];
  /** How often the members were brought. */
  readonly updates: number;
  /** The slots whose picks ended, in order. */
  readonly ended: readonly number[];
  /** What the last pick was told to avoid. */
  readonly lastAvoid: Avoid | null;
}

/** Takes turns among the eligible by a full scan. */
export function strictPolicy({ inFlight }: PolicyDeps): StrictPolicy {
  let members: readonly Endpoint[] = [];
  const eligible = new Map<number, boolean>();
  const underWay = new Map<number, number>();
  const ended: number[] = [];
  let updates = 0;
  let turn = 0;
  let lastAvoid: Avoid | null = null;
  /** Every pick so far had the cost 1, so that costs in flight are picks. */
  let plain = true;

  function take(slot: number): number {
    underWay.set(slot, (underWay.get(slot) ?? 0) + 1);
    return slot;
  }

  return {
    update(next) {
      updates++;
      const ids = new Map(members.map((each) => [each.slot, each.id]));
      if (new Set(next.map((each) => each.slot)).size < next.length) throw new Error('two members share a slot');
      for (const { slot, id } of next) {
        if (ids.get(slot) !== id && (underWay.get(slot) ?? 0) > 0) throw new Error(`slot ${slot} is not free`);
        if (!eligible.has(slot) || ids.get(slot) !== id) eligible.set(slot, true);
      }
      members = next;
    },
    setEligible(slot, value) {
      if (!members.some((each) => each.slot === slot)) throw new Error(`slot ${slot} is no member`);
      eligible.set(slot, value);
    },
    pick(request, avoid) {
      lastAvoid = avoid;
      plain &&= request.cost === 1;
      turn++;
      for (let i = 0; i < members.length; i++) {
        const { slot, weight } = members[(turn + i) % members.length]!;
        if (eligible.get(slot) && weight > 0 && !avoid?.has(slot)) return take(slot);
      }
      return -1;
    },
    save() {
      const [counts, before, avoided] = [new Map(underWay), turn, lastAvoid];
      return () => {
        underWay.clear();
        for (const [slot, count] of counts) underWay.set(slot, count);
        turn = before;
        lastAvoid = avoided;
      };
    },
    done(slot) {
      const count = underWay.get(slot) ?? 0;
      if (count < 1) throw new Error(`no pick of slot ${slot} is under way`);
      if (plain && inFlight.of(slot) !== count - 1) throw new Error('the pick that ends still counts as in flight');
      underWay.set(slot, count - 1);
      ended.push(slot);
    },
    get members() {
      return members;
    },
    get updates() {
      return updates;
    },
    ended,
    get lastAvoid() {
      return lastAvoid;
    },
  };
}
