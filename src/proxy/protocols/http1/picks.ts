import { Tried } from '../../../control/picker/picker.ts';
import { createPickRequest } from '../../../core/kernel/policy.ts';
import type { Http1Pool } from './pool.ts';
import type { RequestHead } from './request-head.ts';
import type { Try } from './try.ts';

const pickRequest = createPickRequest();

/** What a policy knows of a request, read from its head once, and where the request has been: every try is picked by it. */
export class Picks {
  /** The client's own address, behind trusted proxies. */
  clientIp = '';
  readonly tried = new Tried();
  #pool: Http1Pool | null = null;
  #key = '';
  #cost = 1;

  /** For a request of `pool` whose head is parsed now. */
  begin(pool: Http1Pool, head: RequestHead, clientIp: string): void {
    this.#pool = pool;
    this.clientIp = clientIp;
    this.#key = pool.keyOf === null ? '' : pool.keyOf(head);
    this.#cost = pool.costOf === null ? 1 : pool.costOf(head);
    this.tried.clear();
  }

  /** Picks the endpoint that should serve next; false when there is none. */
  take(next: Try): boolean {
    pickRequest.clientIp = this.clientIp;
    pickRequest.key = this.#key;
    pickRequest.cost = this.#cost;
    const { picker } = this.#pool!;
    const slot = picker.pick(pickRequest, this.tried.size === 0 ? null : this.tried);
    if (slot < 0) return false;
    next.begin(picker, slot, this.#cost);
    return true;
  }

  /** Lets go of the pool and of what was read. */
  end(): void {
    this.#pool = null;
    this.#key = '';
  }
}
