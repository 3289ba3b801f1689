// Small HTTP servers to try Equipoise with: `node examples/backends.mjs 3001 3002`. Each answers `hello from <port>`,
// says how it was asked at /request, and is well at /health unless its port is in FAILING (`FAILING=3002`).
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const failing = new Set((process.env.FAILING ?? '').split(','));

/**
 * Resolves with the server once it accepts; port 0 is a free one.
 *
 * @param {number} port
 * @returns {Promise<import('node:http').Server>}
 */
export function startBackend(port) {
  const server = createServer((request, response) => {
    const own = String(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
    const isFailing = request.url === '/health' && failing.has(own);
    response.writeHead(isFailing ? 503 : 200, { 'content-type': 'text/plain' });
    response.end(request.url === '/request' ? describe(request) : `hello from ${own}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  });
}

/** @param {import('node:http').IncomingMessage} request */
function describe({ method, url, headers }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  return `${method} ${url}\n${lines.join('')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const ports = process.argv.slice(2).map(Number);
  await Promise.all(ports.map(startBackend));
  process.stdout.write(`backends on ${ports.join(', ')}\n`);
}
