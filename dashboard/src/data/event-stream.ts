import type { ServerEventWire } from '../../../src/admin/wire.ts';
import { ApiError, ask } from './api.ts';

const RETRY_MS = 2000;

/**
 * Reads the stream of events until `signal` ends it, and goes on after the last one seen when the connection was lost.
 * Not EventSource, which can send no token.
 */
export async function followEvents(onEvents: (events: ServerEventWire[]) => void, signal: AbortSignal): Promise<void> {
  let lastId = '';
  while (!signal.aborted) {
    try {
      const response = await askStream(lastId, signal);
      for await (const event of eventsOf(response)) {
        lastId = event.at(-1)?.id ?? lastId;
        onEvents(event);
      }
    } catch (error) {
      // Whoever asks for the overview meets the same refusal, and says so.
      if (error instanceof ApiError && error.status === 401) return;
    }
    await pause(RETRY_MS, signal);
  }
}

function askStream(lastId: string, signal: AbortSignal): Promise<Response> {
  return ask('api/v1/events', { accept: 'text/event-stream', signal, ...(lastId !== '' && { lastId }) });
}

/** The events of each piece that arrives, together: what is kept comes all at once. */
async function* eventsOf(response: Response): AsyncGenerator<ServerEventWire[]> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const frames = (rest + value).split('\n\n');
    rest = frames.pop()!;
    const events = frames.flatMap(readFrame);
    if (events.length > 0) yield events;
  }
}

/** Our server writes one line of data an event; comments and `retry` have none. */
function readFrame(frame: string): ServerEventWire[] {
  const line = frame.split('\n').find((each) => each.startsWith('data: '));
  return line === undefined ? [] : [JSON.parse(line.slice(6)) as ServerEventWire];
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
