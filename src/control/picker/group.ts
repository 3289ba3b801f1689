import type { Endpoint } from '../../core/kernel/endpoint.ts';
import type { Policy } from '../../core/kernel/policy.ts';

/** Endpoints that share a policy: a pool's primaries, or its backups. */
export class Group {
  readonly policy: Policy;
  /** How many members are eligible; kept by the picker. */
  eligible = 0;
  #members: readonly Endpoint[] = [];

  constructor(policy: Policy) {
    this.policy = policy;
  }

  /** Tells the policy only when members or weights differ: hashing policies rebuild on `update`. */
  update(members: readonly Endpoint[]): void {
    const same = members.length === this.#members.length && members.every((each, i) => each === this.#members[i]);
    if (same) return;
    this.#members = members;
    this.policy.update(members);
  }
}
