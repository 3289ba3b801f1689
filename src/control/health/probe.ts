import type { SocketAddress, Transport } from '../../transport/transport.ts';
import type { Scheduler } from '../membership/scheduler.ts';
import type { Role } from '../pool-options.ts';

/** One way to ask an endpoint whether it can serve. */
export interface Probe {
  /**
   * Starts one check over a connection of its own and calls `report` once, unless stopped before. Holds no deadline:
   * the caller stops what takes too long.
   */
  start(target: ProbeTarget, report: (result: ProbeResult) => void): ProbeRun;
}

export interface ProbeRun {
  /** Closes the connection at once; nothing is reported after it. Does nothing once `report` was called. */
  stop(): void;
}

export interface ProbeTarget {
  readonly address: SocketAddress;
  /** The endpoint's `host:port` as configured. */
  readonly authority: string;
}

/**
 * `unreachable`: no connection came about, another address of the endpoint may still answer.
 * `not-run`: this machine could not ask (out of descriptors or ports); says nothing about the endpoint.
 */
export interface ProbeResult {
  readonly kind: 'passed' | 'failed' | 'unreachable' | 'not-run';
  /** For people: `status 500, expected 200–399`. */
  readonly reason: string;
  /** What a database says it is; absent where that was not asked. Of `passed` only. */
  readonly role?: Role;
}

export interface ProbeDeps {
  readonly transport: Transport;
  readonly scheduler: Scheduler;
}

/** One probe: its type tag (the file's name) and how to make one. The option schema is a separate export. */
export interface ProbeDefinition<T extends string = string, O = never> {
  readonly type: T;
  readonly create: (options: O, deps: ProbeDeps) => Probe;
}
