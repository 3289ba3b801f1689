import type { ServerResponse } from 'node:http';
import { describeEvent } from '../server/event-log.ts';
import type { ServerEvent } from '../server/events.ts';
import type { EventBus } from '../telemetry/events.ts';
import { SAFE_HEADERS } from './answer.ts';

export interface EventFeed {
  /** Sends what is kept after the event `lastId` (all of it where that is not known), then everything that happens. */
  attach(response: ServerResponse, lastId: string | undefined): void;
  /** Readers attached. */
  readonly readers: number;
  close(): void;
}

export interface EventFeedOptions {
  /** Milliseconds between signs of life. Default 15,000: less than what proxies wait. */
  readonly heartbeatMs?: number;
  /** Events kept for readers that come back. Default 1000. */
  readonly capacity?: number;
  /** Bytes that may wait for a reader before it is cut off. Default 1 MiB. */
  readonly backlogBytes?: number;
}

interface Kept {
  readonly number: number;
  readonly frame: string;
}

/** Numbers events and sends them to readers as server-sent events (HTML standard, section 9.2). `run` names this run of the program. */
export function createEventFeed(
  events: EventBus<ServerEvent>,
  run: string,
  { heartbeatMs = 15_000, capacity = 1000, backlogBytes = 1024 * 1024 }: EventFeedOptions = {},
): EventFeed {
  const kept: Kept[] = [];
  const readers = new Set<ServerResponse>();
  let number = 0;

  function keep(event: ServerEvent): Kept {
    const made = { number: ++number, frame: frameOf(`${run}-${number}`, event) };
    kept.push(made);
    if (kept.length > capacity) kept.shift();
    return made;
  }

  /** A reader that does not read is cut off: it comes back with the last event that it has. */
  function write(reader: ServerResponse, text: string): void {
    if (reader.writableLength > backlogBytes) end(reader);
    else reader.write(text);
  }

  function end(reader: ServerResponse): void {
    readers.delete(reader);
    reader.destroy();
  }

  /** Readers of the run before this one have seen nothing of it. */
  function seenBy(lastId: string | undefined): number {
    const [, ofRun, last] = /^(\w+)-(\d{1,15})$/.exec(lastId ?? '') ?? [];
    return ofRun === run ? Number(last) : 0;
  }

  for (const event of events.recent()) keep(event);
  const unsubscribe = events.subscribe((event) => {
    const { frame } = keep(event);
    for (const reader of readers) write(reader, frame);
  });
  const heartbeat = setInterval(() => {
    for (const reader of readers) write(reader, ': still here\n\n');
  }, heartbeatMs);
  heartbeat.unref();

  return {
    get readers() {
      return readers.size;
    },
    attach(response, lastId) {
      const seen = seenBy(lastId);
      response.on('close', () => readers.delete(response));
      response.on('error', () => readers.delete(response));
      response.writeHead(200, { 'content-type': 'text/event-stream', ...SAFE_HEADERS });
      const missed = kept.filter((each) => each.number > seen).map((each) => each.frame);
      response.write(`retry: 2000\n\n${missed.join('')}`);
      readers.add(response);
    },
    close() {
      unsubscribe();
      clearInterval(heartbeat);
      for (const reader of readers) end(reader);
    },
  };
}

/** A line break cannot be in JSON, so one event is one line of data. */
function frameOf(id: string, event: ServerEvent): string {
  const told = plain(event);
  return `id: ${id}\ndata: ${JSON.stringify({ id, ...told, ...describeEvent(told) })}\n\n`;
}

/** An exception says what it is; its stack is for the log. */
function plain(event: ServerEvent): ServerEvent {
  if (event.kind !== 'exception') return event;
  return { ...event, error: event.error instanceof Error ? event.error.message : String(event.error) };
}
