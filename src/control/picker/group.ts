import type { Endpoint } from '../../core/kernel/endpoint.ts';
import type { Policy } from '../../core/kernel/policy.ts';

/** Endpoints that share a policy: a pool's primaries, or its backups. */
export class Group {
  #policy: Policy;
  /** How many members are eligible; kept by the picker. */
  eligible = 0;
  #members: readonly Endpoint[] = [];

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Another policy takes over: it knows the members, each eligible. */
  replacePolicy(policy: Policy): void {
    policy.update(this.#members);
    this.#policy = policy;
  }

  /** Tells the policy only when members or weights differ: hashing policies rebuild on `update`. */
  update(members: readonly Endpoint[]): void {
    const same = members.length === this.#members.length && members.every((each, i) => each === this.#members[i]);
    if (same) return;
    this.#members = members;
    this.#policy.update(members);
  }
}
