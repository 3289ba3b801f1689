import { formatDuration } from '../config/scalars.ts';
import type { EventBus } from '../telemetry/events.ts';
import { formatSocketAddress } from '../transport/address.ts';
import type { ServerEvent } from './events.ts';

type Level = 'info' | 'warn' | 'error';

export interface Line {
  readonly level: Level;
  readonly message: string;
}

/** What a line says of an event; empty for one that is not worth a line. */
export const describeEvent = (event: ServerEvent): Partial<Line> => describe(event) ?? {};

/** `2026-11-22T15:00:00.000Z warn pool main: endpoint a is down (was up): connect refused`; undefined: not worth a line. */
export function formatEvent(event: ServerEvent): string | undefined {
  const line = describe(event);
  return line === undefined ? undefined : formatLine(event.at, line.level, line.message);
}

/** Writes a line for each event that deserves one. Returns how to stop it. */
export function logEvents(
  events: EventBus<ServerEvent>,
  write: (line: string) => void,
  wanted: (event: ServerEvent) => boolean = () => true,
): () => void {
  return events.subscribe((event) => {
    const line = wanted(event) ? formatEvent(event) : undefined;
    if (line !== undefined) write(line);
  });
}

/** One line whatever the message: a line break in it cannot fake another line. */
export function formatLine(at: number, level: Level, message: string): string {
  return `${new Date(at).toISOString()} ${level} ${message.replaceAll(/\s*[\r\n]+\s*/g, ' | ')}\n`;
}

function describe(event: ServerEvent): Line | undefined {
  switch (event.kind) {
    case 'membership':
      return describeMembership(event);
    case 'guard':
      return describeGuard(event);
    case 'overload': {
      const subject = event.pool === undefined ? `listener ${event.listener}` : `pool ${event.pool}`;
      const message = `${subject}: overload (${event.what}) is ${event.to} (was ${event.from}): ${event.reason}`;
      return { level: event.to === 'on' ? 'warn' : 'info', message };
    }
    case 'policy':
      return { level: 'error', message: `pool ${event.pool}: ${event.reason}; least-connections decides instead` };
    case 'listening':
      return {
        level: 'info',
        message: `listener ${event.listener}: listening on ${formatSocketAddress(event.address)}`,
      };
    case 'draining':
      return {
        level: 'info',
        message: `draining: ${connections(event.connections)} open, at most ${formatDuration(event.timeoutMs)}`,
      };
    case 'drained':
      return event.remaining === 0
        ? { level: 'info', message: 'drained: every connection has ended' }
        : { level: 'warn', message: `drained: ${connections(event.remaining)} cut` };
    case 'worker-stuck': {
      const silent = formatDuration(Math.round(event.silentMs / 1000) * 1000);
      return { level: 'error', message: `worker ${event.worker} is stuck: its loop has not turned for ${silent}` };
    }
    case 'worker-died':
      return {
        level: 'error',
        message: `worker ${event.worker} died: ${event.reason}; ${connections(event.connections)} and ${requests(event.requests)} under way were lost`,
      };
    case 'worker-replaced':
      return { level: 'info', message: `worker ${event.worker} was replaced` };
    case 'reloaded':
      return describeReload(event);
    case 'reload-refused':
      return { level: 'error', message: `the configuration was not changed: ${event.reason}` };
    case 'audit': {
      const by = event.credential === 'token' ? `${event.from}, with the token` : event.from;
      return { level: 'info', message: `admin: ${event.what} (by ${by})` };
    }
    case 'state-restored': {
      if (event.settings === 0 && event.dropped.length === 0) return undefined;
      const dropped = event.dropped.length === 0 ? '' : `; dropped: ${event.dropped.join(', ')}`;
      return { level: 'info', message: `state file: ${settings(event.settings)} restored${dropped}` };
    }
    case 'log-failed':
      return { level: 'error', message: event.reason };
    case 'tracing':
      return { level: event.to === 'failed' ? 'warn' : 'info', message: `tracing: ${event.reason}` };
    case 'state-failed':
      return { level: 'warn', message: `state file: ${event.reason}` };
    case 'note':
      return { level: 'info', message: event.text };
    case 'exception':
      return {
        level: 'error',
        message: `${event.listener === undefined ? '' : `listener ${event.listener}: `}a connection was ended by ${stackOf(event.error)}`,
      };
  }
}

function describeMembership(event: ServerEvent & { kind: 'membership' }): Line | undefined {
  const { pool, endpoint, what, from, to, reason } = event;
  // Who belongs to a pool at the start is in its configuration.
  if (what === 'membership') return undefined;
  if (what === 'preservation') {
    return { level: to === 'on' ? 'warn' : 'info', message: `pool ${pool}: preservation is ${to}: ${reason}` };
  }
  if (what === 'primaries') {
    return {
      level: Number(to) > 1 ? 'warn' : 'info',
      message: `pool ${pool}: primaries: ${to} (was ${from}): ${reason}`,
    };
  }
  const subject = `pool ${pool}: endpoint ${endpoint}`;
  if (what === 'health') {
    return { level: to === 'down' ? 'warn' : 'info', message: `${subject} is ${to} (was ${from}): ${reason}` };
  }
  if (what === 'addresses') {
    if (from === to) return { level: 'warn', message: `${subject} ${reason}` };
    return {
      level: 'info',
      message: `${subject} has the addresses ${to || 'none'} (had ${from || 'none'}): ${reason}`,
    };
  }
  return { level: 'info', message: `${subject}: ${what} is ${to} (was ${from}): ${reason}` };
}

function describeReload({ changes, needsRestart }: ServerEvent & { kind: 'reloaded' }): Line {
  const what = changes.length === 0 ? 'nothing changed' : changes.join(', ');
  if (needsRestart.length === 0) return { level: 'info', message: `reloaded: ${what}` };
  return { level: 'warn', message: `reloaded: ${what}; only a restart changes ${needsRestart.join(' and ')}` };
}

function describeGuard({ pool, endpoint, what, from, to, reason }: ServerEvent & { kind: 'guard' }): Line {
  const level = to === 'open' || to === 'ejected' || (what === 'panic' && to === 'on') ? 'warn' : 'info';
  if (what === 'ejection') return { level, message: `pool ${pool}: endpoint ${endpoint} is ${to}: ${reason}` };
  const subject = endpoint === '' ? `pool ${pool}` : `pool ${pool}: endpoint ${endpoint}`;
  return { level, message: `${subject}: ${what} is ${to} (was ${from}): ${reason}` };
}

const connections = (count: number) => (count === 1 ? '1 connection' : `${count} connections`);
const requests = (count: number) => (count === 1 ? '1 request' : `${count} requests`);
const settings = (count: number) => (count === 1 ? '1 setting' : `${count} settings`);
const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
