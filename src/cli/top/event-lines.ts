import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { ServerEventWire } from '../../admin/wire.ts';
import type { AdminTarget } from '../operations/admin-client.ts';

/** The last events of a running program, newest first, a line each. */
export interface EventLines {
  readonly lines: readonly string[];
  close(): void;
}

const RETRY_MS = 2000;
const MOST_LINES = 200;
const SIGNS = { info: ' ', warn: '▲', error: '✕' } as const;

/** Follows the stream of events, and comes back to it where it breaks off. */
export function followEvents({ url, socketPath, token }: AdminTarget): EventLines {
  const lines: string[] = [];
  let lastId = '';
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let close = () => {};

  function hear(frame: string): void {
    const data = frame.split('\n').find((line) => line.startsWith('data: '));
    if (data === undefined) return;
    const event = JSON.parse(data.slice(6)) as ServerEventWire;
    lastId = event.id;
    if (event.message === undefined) return;
    lines.unshift(`${new Date(event.at).toTimeString().slice(0, 8)} ${SIGNS[event.level ?? 'info']} ${event.message}`);
    lines.length = Math.min(lines.length, MOST_LINES);
  }

  function read(response: IncomingMessage): void {
    let rest = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      const frames = (rest + text).split('\n\n');
      rest = frames.pop()!;
      if (response.statusCode === 200) for (const frame of frames) hear(frame);
    });
  }

  function connect(): void {
    const headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(lastId !== '' && { 'last-event-id': lastId }),
    };
    const options = { headers, agent: false as const, ...(socketPath !== undefined && { socketPath }) };
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const asked = send(new URL('/api/v1/events', url), options, read);
    // Whoever asks for the overview meets the same error, and shows it.
    asked.on('error', () => {});
    asked.on('close', () => {
      if (!isClosed) timer = setTimeout(connect, RETRY_MS);
    });
    asked.end();
    close = () => asked.destroy();
  }

  connect();
  return {
    lines,
    close() {
      isClosed = true;
      clearTimeout(timer);
      close();
    },
  };
}
