import type { Config } from '../config/config.ts';
import type { MembershipUpdate } from '../control/membership/snapshot.ts';
import type { CountersData } from '../telemetry/counters.ts';
import type { SocketAddress } from '../transport/transport.ts';
import type { DrainResult } from './drain.ts';
import type { ServerHappening } from './events.ts';
import type { BoundListener } from './front.ts';
import type { PoolMemory } from './pool-memory.ts';

/** What the main thread tells a worker, in this order: `start`, each pool's first `membership`, `open`, then anything. */
export type ToWorker =
  | WorkerStart
  | { readonly kind: 'membership'; readonly pool: string; readonly update: MembershipUpdate }
  /** Binds the listeners; addresses by listener, with real ports. */
  | { readonly kind: 'open'; readonly binds: Readonly<Record<string, readonly SocketAddress[]>> }
  /** Answered by `counted`. */
  | { readonly kind: 'count' }
  | { readonly kind: 'drain'; readonly timeoutMs: number };

export interface WorkerStart {
  readonly kind: 'start';
  /** From 0. */
  readonly worker: number;
  readonly config: Config;
  /** By pool. */
  readonly memory: Readonly<Record<string, PoolMemory>>;
  readonly connections: ConnectionsMemory;
}

/** Open connections: a row of words per worker, a word in it per listener, in the order of the configuration. */
export interface ConnectionsMemory {
  readonly words: Int32Array;
  readonly listeners: readonly string[];
  readonly workers: number;
}

/** What a worker tells the main thread. */
export type FromWorker =
  | { readonly kind: 'opened'; readonly listeners: readonly BoundListener[] }
  /** It cannot start; it ends by itself. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** A snapshot of the membership is in force. */
  | { readonly kind: 'applied'; readonly pool: string; readonly version: number }
  | { readonly kind: 'happened'; readonly what: ServerHappening }
  | { readonly kind: 'counted'; readonly counters: CountersData }
  | { readonly kind: 'drained'; readonly result: DrainResult };
