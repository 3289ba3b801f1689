import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OpenLoopResult } from './open-loop.ts';
import { runProgram } from './processes.ts';

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

/** Half a second at 1,000 requests a second over 4 connections; the first 150 latencies do not count. */
async function load(behaviour: Behaviour): Promise<OpenLoopResult> {
  const server = serve(behaviour);
  const words = [server.port, '/small', 1000, 0.5, 4].map(String);
  try {
    const output = await runProgram([process.execPath, join(import.meta.dir, 'open-loop.ts'), ...words]);
    return JSON.parse(output) as OpenLoopResult;
  } finally {
    server.stop();
  }
}

test('sends at the rate', async () => {
  const result = await load({ answer: OK });
  expect(result.requests).toBe(500);
  expect(result.seconds).toBeGreaterThan(0.49);
});

// 200 ms without answers hold up 200 of the 350 requests that count. Counted from when they were sent, 4 of them (one
// for each connection) would be slow, and the median fast.
test('charges a stall to every request that was due in it', async () => {
  const result = await load({ answer: OK, stall: { after: 200, ms: 200 } });
  expect(result.p50Us).toBeGreaterThan(20_000);
  expect(result.p99Us).toBeGreaterThan(150_000);
});

const wrong = [
  { why: 'a status that is not 2xx', answer: 'HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n', error: '503' },
  { why: 'more than one answer', answer: OK + OK, error: 'more bytes' },
  { why: 'an answer without length', answer: 'HTTP/1.1 200 OK\r\n\r\n', error: 'unexpected answer' },
];
test.each(wrong)('rejects on $why', async ({ answer, error }) => {
  await expect(load({ answer })).rejects.toThrow(error);
});
