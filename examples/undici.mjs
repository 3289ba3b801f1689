// undici's own client over a pool: one endpoint is down, and nobody notices.
//
// $ node examples/undici.mjs
// 30 answers: hello from 3001 ×15, hello from 3002 ×15
// localhost:3009 failed, and is out: open
import { createDispatcher } from 'equipoise/undici';
import { fetch, request, setGlobalDispatcher } from 'undici';

const dispatcher = createDispatcher({
  pool: {
    endpoints: [3001, 3002, 3009].map((port) => `localhost:${port}`),
    policy: 'round-robin',
    circuitBreaker: { failures: 3, openForMs: 10_000 },
  },
  // Every other name is reached as ever.
  origins: ['http://orders.internal'],
});
setGlobalDispatcher(dispatcher);

/** @type {Map<string, number>} */
const counts = new Map();
for (let i = 0; i < 30; i++) {
  const text =
    i % 2 === 0
      ? await (await fetch('http://orders.internal/')).text()
      : await (await request('http://orders.internal/')).body.text();
  counts.set(text.trim(), (counts.get(text.trim()) ?? 0) + 1);
}
const shares = [...counts].map(([text, count]) => `${text} ×${count}`).sort();
process.stdout.write(`30 answers: ${shares.join(', ')}\n`);
for (const { address, breaker } of dispatcher.pool.endpoints) {
  if (breaker !== 'closed') process.stdout.write(`${address} failed, and is out: ${breaker}\n`);
}
await dispatcher.close();
