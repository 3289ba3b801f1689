import { type NoneReason, Tried } from '../../../control/picker/picker.ts';
import type { Role } from '../../../control/pool-options.ts';
import { createPickRequest } from '../../../core/kernel/policy.ts';
import type { LiveExplanation } from './live-explanation.ts';
import type { Http1Pool } from './pool.ts';
import type { RequestHead } from './request-head.ts';
import type { Try } from './try.ts';

const pickRequest = createPickRequest();

/** What a policy knows of a request, read from its head once, and where the request has been: every try is picked by it. */
export class Picks {
  /** The client's own address, behind trusted proxies. */
  clientIp = '';
  readonly tried = new Tried();
  /** Null: nobody wants to know why. */
  explanation: LiveExplanation | null = null;
  #pool: Http1Pool | null = null;
  #key = '';
  #cost = 1;
  #role: Role | null = null;
  #unwatchRole: (() => void) | null = null;

  /** For a request of `pool` whose head is parsed now; `role`: of the endpoint, null: any. */
  begin(pool: Http1Pool, head: RequestHead, clientIp: string, role: Role | null): void {
    this.#pool = pool;
    this.clientIp = clientIp;
    this.#key = pool.keyOf === null ? '' : pool.keyOf(head);
    this.#cost = pool.costOf === null ? 1 : pool.costOf(head);
    this.#role = role;
    this.tried.clear();
  }

  /** Picks the endpoint that should serve next; false when there is none. */
  take(next: Try): boolean {
    pickRequest.clientIp = this.clientIp;
    pickRequest.key = this.#key;
    pickRequest.cost = this.#cost;
    const { picker, name } = this.#pool!;
    const tried = this.tried.size === 0 ? null : this.tried;
    // Before the pick, which takes what the dry run has found.
    if (this.explanation !== null)
      this.explanation.picking(name, picker.explain(pickRequest, tried, this.#role), pickRequest);
    const slot = picker.pick(pickRequest, tried, this.#role);
    if (slot < 0) return false;
    next.begin(this.#pool!, slot, this.#cost);
    return true;
  }

  /** Why the last `take` was false. */
  get noneReason(): NoneReason {
    return this.#pool!.picker.noneReason(this.tried, this.#role);
  }

  /** Not every endpoint will do. */
  get isPicky(): boolean {
    return this.tried.size > 0 || this.#role !== null;
  }

  /** An endpoint is left that the request has not been to. */
  get hasOthers(): boolean {
    return this.#pool!.picker.members > this.tried.size;
  }

  /** Calls `lost` when the endpoint of `slot` has the role that was asked for no longer, until `end`. */
  onRoleLost(slot: number, lost: () => void): void {
    const role = this.#role;
    if (role === null) return;
    const { roles } = this.#pool!.picker;
    this.#unwatchRole = roles.onChange((changed) => {
      if (changed === slot && roles.of(slot) !== role) lost();
    });
  }

  /** Lets go of the pool and of what was read. */
  end(): void {
    this.#unwatchRole?.();
    this.#unwatchRole = null;
    this.#pool = null;
    this.explanation = null;
    this.#key = '';
  }
}
