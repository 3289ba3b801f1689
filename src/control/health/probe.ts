import type { SocketAddress } from '../../transport/transport.ts';
import type { Scheduler } from '../membership/scheduler.ts';

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
}

export interface ProbeDeps {
  readonly scheduler: Scheduler;
}

/** One probe: its type tag (the file's name) and how to make one. The option schema is a separate export. */
export interface ProbeDefinition<T extends string = string, O = never> {
  readonly type: T;
  readonly create: (options: O, deps: ProbeDeps) => Probe;
}

const CONNECT_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect refused',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connect timed out',
  ENOENT: 'no such socket',
  EACCES: 'permission denied',
};
const OWN_LIMITS = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM']);

/** What a failed connect says. */
export function connectFailure(error: NodeJS.ErrnoException): ProbeResult {
  const code = error.code ?? error.message;
  if (OWN_LIMITS.has(code)) return { kind: 'not-run', reason: `could not connect: ${code}` };
  return { kind: 'unreachable', reason: CONNECT_REASONS[code] ?? `connect failed: ${code}` };
}
