import { z } from 'zod';
import type { PoolOptions } from '../control/pool-options.ts';
import type { ListenerOptions } from '../proxy/listener-options.ts';
import type { AccessLogOptions } from '../telemetry/access-log/access-log.ts';
import type { TracingOptions } from '../telemetry/tracing/tracer.ts';
import { AccessLogFile } from './access-log.ts';
import { AdminFile, type AdminOptions } from './admin.ts';
import { ListenerFile } from './listener.ts';
import { PoolFile } from './pool.ts';
import { misread, nameOf, type Reading, scalar, section } from './reading.ts';
import { duration, integer, text } from './scalars.ts';
import { TracingFile } from './tracing.ts';

export type { AdminOptions };

/** The whole configuration as plain data: milliseconds, bytes, every default filled in. */
export interface Config {
  readonly version: 1;
  /** Threads that serve; `auto`: as many as the process may use at a time. */
  readonly workers: number | 'auto';
  /** Milliseconds that connections in flight are given at the end. */
  readonly drainTimeout: number;
  readonly limits: { /** Of all listeners together, at one time. */ readonly connections: number };
  /** Absolute path of what is kept of changes made at run time; absent: a restart forgets them. */
  readonly stateFile?: string;
  /** Absent: requests are not logged. */
  readonly accessLog?: AccessLogOptions;
  /** Absent: requests are not traced. */
  readonly tracing?: TracingOptions;
  /** Absent: no admin server. */
  readonly admin?: AdminOptions;
  readonly listeners: Readonly<Record<string, ListenerOptions>>;
  readonly pools: Readonly<Record<string, PoolOptions>>;
}

function readVersion(value: unknown): Reading<1> {
  if (value === 1 || value === '1') return { value: 1 };
  return misread(`expected 1, found ${nameOf(value)}`, 'this program reads version 1');
}

const MOST_WORKERS = 256;

function readWorkers(value: unknown): Reading<number | 'auto'> {
  if (value === 'auto') return { value };
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS)
    return { value: count };
  return misread(`expected auto or a number from 1 to ${MOST_WORKERS}, found ${nameOf(value)}`);
}

/** Relative ones start from the directory of the configuration. */
const readFileName = (path: string): Reading<string> =>
  path === '' || path.includes('\0') ? misread('names no file', 'write state.json') : { value: path };

/** The whole file. Names, references and what spans several keys are checked with the meanings. */
export const ConfigFile = section(
  {
    version: scalar<1>(readVersion, { const: 1 }).prefault(1).describe('Of this format.'),
    workers: scalar<number | 'auto'>(readWorkers, {
      anyOf: [{ const: 'auto' }, { type: 'integer', minimum: 1, maximum: MOST_WORKERS }],
    })
      .prefault('auto')
      .describe('Threads that serve; `auto`: as many as there are cores.'),
    drainTimeout: duration()
      .prefault('30s')
      .describe('For what is in flight when the program ends or an endpoint leaves.'),
    limits: section({
      connections: integer({ min: 1 }).prefault(100_000).describe('Connections of all listeners at one time.'),
    })
      .prefault({})
      .describe('Limits of the whole program.'),
    stateFile: z
      .exactOptional(text(readFileName))
      .describe('Keeps modes, weights and endpoints that were set at run time; absent: a restart forgets them.'),
    accessLog: z
      .exactOptional(AccessLogFile)
      .describe('Where requests and tcp connections are written down; absent: nowhere.'),
    tracing: z.exactOptional(TracingFile).describe('Where spans of requests are sent; absent: nowhere.'),
    admin: z.exactOptional(AdminFile).describe('Metrics and health of the balancer itself; absent: none.'),
    listeners: z.record(z.string(), ListenerFile).describe('What accepts connections, by name.'),
    pools: z.record(z.string(), PoolFile).prefault({}).describe('Who serves, by name.'),
  },
  ['filters', 'tls', 'discovery', 'errorPages'],
);

/** What a file may say, before defaults are filled in. */
export type ConfigInput = z.input<typeof ConfigFile>;

/** The compiler proves that what the schema gives is what server, proxy and control read. */
export const toConfig = (config: z.output<typeof ConfigFile>): Config => config;
