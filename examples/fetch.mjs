// The runtime's own fetch over a pool; it runs on Node and Bun, and in browsers.
//
// $ node examples/fetch.mjs
// hello from 3001
// hello from 3002
// hello from 3001
// POST is sent again where nothing was sent: hello from 3003
import { createFetch } from 'equipoise/fetch';

const fetch = createFetch({ pool: { endpoints: [3001, 3002], policy: 'round-robin' } });
for (let i = 0; i < 3; i++) process.stdout.write(await (await fetch('/orders/7')).text());

fetch.pool.update({ endpoints: [3009, 3003] });
const answer = await fetch('/orders', { method: 'POST', body: '{"count":1}' });
process.stdout.write(`POST is sent again where nothing was sent: ${await answer.text()}`);
fetch.close();
