/**
 * Members in groups (by zone, by location), a policy for each group and one for all of them together.
 *
 * A policy hears of exactly those picks that it made, also where an endpoint is in the hands of two: of the picks of one
 * slot that are under way, those made for all together are counted and end first.
 *
 * Source  original.
 * Cost    `setEligible` and `done` O(1) besides the policies'; allocates only in `update`.
 * Errors  none of its own.
 */
import type { Endpoint } from '../kernel/endpoint.ts';
import type { Outcome } from '../kernel/outcome.ts';
import type { Avoid, PickRequest, Policy } from '../kernel/policy.ts';
import { EligibleSet } from './eligible.ts';
import { grownInt32 } from './grow.ts';
import { savedArrays } from './saved.ts';

export interface PolicyGroup {
  readonly name: string;
  readonly policy: Policy;
  /** In the order of membership; never empty. */
  readonly members: readonly Endpoint[];
  /** Of all members. */
  readonly weight: number;
  /** Of those that are eligible; 0 exactly when there is none. */
  readonly eligibleWeight: number;
}

interface MutableGroup extends PolicyGroup {
  members: readonly Endpoint[];
  weight: number;
  eligibleWeight: number;
  eligibleCount: number;
}

export class PolicyGroups {
  /** In the order of membership. */
  groups: readonly PolicyGroup[] = [];
  /** Decides over all members. */
  readonly #together: Policy;
  readonly #create: () => Policy;
  readonly #nameOf: (member: Endpoint) => string;
  readonly #eligible = new EligibleSet();
  #byName = new Map<string, MutableGroup>();
  /** By slot; kept after the endpoint left, for the outcomes that still come. */
  readonly #groupOf: (MutableGroup | undefined)[] = [];
  #pickedTogether = new Int32Array(16);

  /** `create` makes a policy; `nameOf` says a member's group. */
  constructor(create: () => Policy, nameOf: (member: Endpoint) => string) {
    this.#create = create;
    this.#nameOf = nameOf;
    this.#together = create();
  }

  /** How many members may be picked. */
  get eligibleCount(): number {
    return this.#eligible.count;
  }

  /** Undefined when no member has this name. */
  named(name: string): PolicyGroup | undefined {
    return this.#byName.get(name);
  }

  /** The group of a member, or of one that left. */
  of(slot: number): PolicyGroup | undefined {
    return this.#groupOf[slot];
  }

  /** A group lives, with what its policy learned, as long as it has members. */
  update(members: readonly Endpoint[]): void {
    this.#eligible.update(members, (slot) => {
      this.#pickedTogether = grownInt32(this.#pickedTogether, slot);
    });
    const membersOf = new Map<string, Endpoint[]>();
    for (const member of members) {
      const name = this.#nameOf(member);
      const list = membersOf.get(name);
      if (list === undefined) membersOf.set(name, [member]);
      else list.push(member);
    }
    this.#together.update(members);
    this.#updateGroups(membersOf);
    // An endpoint that came from another group brings its verdict along.
    for (const { slot, weight } of members) {
      if (weight > 0 && !this.#eligible.has(slot)) this.#groupOf[slot]!.policy.setEligible(slot, false);
    }
  }

  setEligible(slot: number, eligible: boolean): void {
    const changed = this.#eligible.set(slot, eligible);
    this.#together.setEligible(slot, eligible);
    const group = this.#groupOf[slot];
    if (group === undefined) return;
    group.policy.setEligible(slot, eligible);
    if (changed) count(group, this.#eligible.weightOf(slot), eligible ? 1 : -1);
  }

  pickTogether(request: PickRequest, avoid: Avoid | null): number {
    const slot = this.#together.pick(request, avoid);
    if (slot >= 0) this.#pickedTogether[slot]!++;
    return slot;
  }

  /** See `Policy.save`. */
  save(): () => void {
    const policies = [this.#together, ...this.groups.map(({ policy }) => policy)];
    const restore = [savedArrays(this.#pickedTogether), ...policies.map((each) => each.save?.())];
    return () => {
      for (const each of restore) each?.();
    };
  }

  done(slot: number, outcome: Outcome): void {
    if (this.#pickedTogether[slot]! > 0) {
      this.#pickedTogether[slot]!--;
      this.#together.done(slot, outcome);
    } else this.#groupOf[slot]?.policy.done(slot, outcome);
  }

  #updateGroups(membersOf: ReadonlyMap<string, readonly Endpoint[]>): void {
    for (const group of this.#byName.values()) if (!membersOf.has(group.name)) group.policy.update([]);
    const byName = new Map<string, MutableGroup>();
    for (const [name, members] of membersOf) {
      const group = this.#byName.get(name) ?? createGroup(name, this.#create());
      byName.set(name, group);
      group.members = members;
      group.policy.update(members);
      this.#countAnew(group);
    }
    this.#byName = byName;
    this.groups = [...byName.values()];
  }

  #countAnew(group: MutableGroup): void {
    group.weight = 0;
    group.eligibleWeight = 0;
    group.eligibleCount = 0;
    for (const { slot, weight } of group.members) {
      this.#groupOf[slot] = group;
      group.weight += weight;
      if (this.#eligible.has(slot)) count(group, weight, 1);
    }
  }
}

function createGroup(name: string, policy: Policy): MutableGroup {
  return { name, policy, members: [], weight: 0, eligibleWeight: 0, eligibleCount: 0 };
}

/** Sums of fractions keep a rest, which must not make an empty group look eligible. */
function count(group: MutableGroup, weight: number, by: 1 | -1): void {
  group.eligibleCount += by;
  group.eligibleWeight = group.eligibleCount === 0 ? 0 : Math.max(0, group.eligibleWeight + by * weight);
}
