import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import type { AdminOptions } from '../config/config.ts';
import { proposal } from '../core/kernel/proposal.ts';
import type { ServerEvent } from '../server/events.ts';
import type { RunningServer } from '../server/server.ts';
import type { EventBus } from '../telemetry/events.ts';
import { type Answer, problem, type WholeAnswer } from './answer.ts';
import type { EventFeed } from './event-feed.ts';
import type { Scope } from './guard.ts';
import type { Meters } from './meters.ts';
import type { BuildInfo } from './process-metrics.ts';

export interface AdminDeps {
  /** Absent while the program starts. */
  readonly server: () => RunningServer | undefined;
  /** Settles when the program has started, or could not. Absent: who asks before is answered at once. */
  readonly started?: Promise<unknown>;
  readonly build: BuildInfo;
  readonly events: EventBus<ServerEvent>;
  /** The clock of the memberships, for the age of checks. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Where the configuration came from: what a new one names is relative to it. */
  readonly configFile: string;
  /** What `${NAME}` in a new configuration is looked up in. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One request, admitted. */
export interface Call {
  readonly request: IncomingMessage;
  /** By the names in the operation's path, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly options: AdminOptions;
  readonly deps: AdminDeps;
  readonly feed: EventFeed;
  readonly meters: Meters;
}

/** One thing the admin server does; routes and `openapi.json` are made of these. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/v1/pools/{pool}/endpoints/{id}`; a last parameter may hold slashes. */
  readonly path: string;
  readonly scope: Scope;
  readonly summary: string;
  /** It needs no running server, so it is answered while the program starts, too. */
  readonly early?: true;
  /** Media types by which the body may come, and its schema. */
  readonly takes?: { readonly types: readonly string[]; readonly schema: z.ZodType | 'configuration' };
  readonly gives: {
    readonly status: number;
    readonly types: readonly string[];
    readonly schema?: z.ZodType | 'configuration';
    readonly description: string;
  };
  /** Statuses of the problems it may answer beside 401 and 403. */
  readonly problems: readonly number[];
  readonly run: (call: Call) => Answer | Promise<Answer>;
}

/** The running server, or why there is none. `changes`: it must still be one that can be changed. */
export function serverOf({ deps }: Call, changes = false): RunningServer | { readonly refusal: WholeAnswer } {
  const server = deps.server();
  if (server === undefined) {
    return { refusal: problem(503, 'the program is starting', { fix: 'ask again when /readyz answers 200' }) };
  }
  if (changes && server.state() !== 'serving') {
    return { refusal: problem(409, `the program is ${server.state()} and takes no changes`) };
  }
  return server;
}

export function noPool(server: RunningServer, pool: string): WholeAnswer {
  const names = server.pools().map(({ name }) => name);
  return problem(404, `there is no pool "${pool}"`, { fix: proposal(pool, names) });
}

export function noEndpoint(server: RunningServer, pool: string, id: string): WholeAnswer {
  const ids = server
    .pools()
    .find(({ name }) => name === pool)
    ?.endpoints.map((each) => each.id);
  if (ids === undefined) return noPool(server, pool);
  return problem(404, `pool ${pool} has no endpoint "${id}"`, { fix: proposal(id, ids) });
}

/** Tells what was changed and by whom. */
export function audit({ request, options, deps }: Call, what: string): void {
  const { remoteAddress } = request.socket;
  const from = remoteAddress === undefined || remoteAddress === '' ? 'unix socket' : remoteAddress;
  const credential = options.token === undefined ? 'none' : 'token';
  deps.events.emit({ at: deps.wallClock(), kind: 'audit', from, credential, what });
}
