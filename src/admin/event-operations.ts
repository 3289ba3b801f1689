import { problem } from './answer.ts';
import type { Operation } from './operation.ts';
import { ServerEvent } from './wire.ts';

/** Each reader holds a connection and a buffer. */
const MOST_READERS = 100;

export const eventOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/v1/events',
    scope: 'read',
    early: true,
    summary: 'What happens: changes of health, verdicts, changes by people (server-sent events)',
    gives: {
      status: 200,
      types: ['text/event-stream'],
      schema: ServerEvent,
      description: 'The last 1000 events after Last-Event-ID first, then each as it happens.',
    },
    problems: [503],
    run({ request, feed }) {
      if (request.method === 'HEAD') return { status: 200, type: 'text/event-stream', body: '' };
      if (feed.readers >= MOST_READERS) {
        return problem(503, `${MOST_READERS} readers are attached already`, { headers: { 'retry-after': '30' } });
      }
      const lastId = request.headers['last-event-id'];
      return { stream: (response) => feed.attach(response, typeof lastId === 'string' ? lastId : undefined) };
    },
  },
];
