import type { Config } from '../config/config.ts';
import type { MembershipUpdate } from '../control/membership/snapshot.ts';
import type { DescribedRequest, RequestExplanation } from '../proxy/explanation.ts';
import type { CountersData } from '../telemetry/counters.ts';
import type { DrainResult } from './drain.ts';
import type { ServerHappening } from './events.ts';
import type { Served } from './front.ts';
import type { PoolMemory } from './pool-memory.ts';
import type { ProgramMemory } from './program-memory.ts';
import type { BoundListener } from './served-listener.ts';
import type { Vitals } from './vitals.ts';

/**
 * What the main thread tells a worker: `pools`, the first `membership` of each new pool, `listeners`; then anything. Another
 * configuration comes in the same order.
 */
export type ToWorker =
  | WorkerPools
  | { readonly kind: 'membership'; readonly pool: string; readonly update: MembershipUpdate }
  | WorkerListeners
  /** Answered by `counted`. */
  | { readonly kind: 'count' }
  | { readonly kind: 'drain'; readonly timeoutMs: number }
  | { readonly kind: 'reopen-logs' }
  /** Answered by `explained`, in the order of the questions. */
  | { readonly kind: 'explain'; readonly listener: string; readonly described: DescribedRequest };

/** Makes new pools and prepares other options of those that are there. */
export interface WorkerPools {
  readonly kind: 'pools';
  /** From 0. */
  readonly worker: number;
  readonly pools: Config['pools'];
  /** By pool. */
  readonly memory: Readonly<Record<string, PoolMemory>>;
  readonly program: ProgramMemory;
  /** When the main thread's clock was 0, in milliseconds since 1970, as of this moment. */
  readonly originMs: number;
}

/** Puts the pools' options and these listeners in force; answered by `serving` or `refused`. Their addresses have real ports. */
export interface WorkerListeners {
  readonly kind: 'listeners';
  readonly config: Served;
  readonly connections: ConnectionsMemory;
}

/** Open connections: a row of words per worker, a word in it per listener. */
export interface ConnectionsMemory {
  readonly words: Int32Array;
  /** Whose word is which; longer in a later message, but no name moves while its connections are open. */
  readonly listeners: readonly string[];
  readonly workers: number;
}

/** What the workers are to serve. */
export interface Order {
  readonly pools: Config['pools'];
  /** Their addresses have real ports as far as they are known. */
  readonly served: Served;
  readonly connections: ConnectionsMemory;
}

/** What a worker tells the main thread. */
export type FromWorker =
  | { readonly kind: 'serving'; readonly listeners: readonly BoundListener[] }
  /** The configuration cannot be served; what was in force before still is. Without such a one the worker ends. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** The pool's membership is in force as of this version. */
  | { readonly kind: 'applied'; readonly pool: string; readonly version: number }
  /** A breaker changed, or an endpoint may have to be ejected: worth a look before the next turn. */
  | { readonly kind: 'news'; readonly pool: string }
  | { readonly kind: 'happened'; readonly what: ServerHappening }
  | { readonly kind: 'explained'; readonly explanation: RequestExplanation | undefined }
  | { readonly kind: 'counted'; readonly counters: CountersData; readonly vitals: Vitals }
  | { readonly kind: 'drained'; readonly result: DrainResult };
