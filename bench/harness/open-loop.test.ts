import { expect, test } from 'vitest';
import { browserRequest } from './browser-request.ts';
import { OpenLoop, type OpenLoopResult } from './open-loop.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

interface Behaviour {
  readonly answer: string;
  /** Answers nothing for a while after this many requests. */
  readonly stall?: { readonly after: number; readonly ms: number };
}

/** A server that answers each read with one answer. */
function serve({ answer, stall }: Behaviour): { port: number; stop: () => void } {
  let requests = 0;
  let stalledUntil = 0;
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket) {
        if (++requests === stall?.after) stalledUntil = performance.now() + stall.ms;
        const wait = stalledUntil - performance.now();
        if (wait > 0) setTimeout(() => socket.write(answer), wait);
        else socket.write(answer);
      },
    },
  });
  return { port: listener.port, stop: () => listener.stop(true) };
}

async function load(behaviour: Behaviour): Promise<OpenLoopResult> {
  const server = serve(behaviour);
  const request = browserRequest('/small');
  try {
    return await new OpenLoop({
      port: server.port,
      request,
      rate: 1000,
      seconds: 0.5,
      connections: 4,
      warmShare: 0,
    }).run();
  } finally {
    server.stop();
  }
}

test('sends at the rate', async () => {
  const result = await load({ answer: OK });
  expect(result.requests).toBe(500);
  expect(result.seconds).toBeGreaterThan(0.49);
});

// 200 ms without answers hold up 200 of the 500 requests: a closed loop would see 4 slow ones, below its p99.
test('charges a stall to every request that was due in it', async () => {
  const result = await load({ answer: OK, stall: { after: 100, ms: 200 } });
  expect(result.p99Us).toBeGreaterThan(150_000);
});

const wrong = [
  { why: 'a status that is not 2xx', answer: 'HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n', error: '503' },
  { why: 'more than one answer', answer: OK + OK, error: 'more bytes' },
];
test.each(wrong)('rejects on $why', async ({ answer, error }) => {
  await expect(load({ answer })).rejects.toThrow(error);
});
