/**
 * Draws the pictures of docs/guides/dashboard.md anew: `node bin/bun.mjs dashboard/test/pictures.ts` starts a balancer with traffic
 * and some trouble, and takes them after a minute in Chromium. The page is that of dist/dashboard.
 */
import { createServer, get, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import { startBalancer } from '../../conformance/harness/balancer.ts';
import { freePort } from '../../conformance/harness/sockets.ts';
import { launch, openTab } from './browser.ts';

const FOLDER = join(import.meta.dirname, '../../docs/images');
const WARM_UP_MS = 60_000;
const PICTURES = [
  { name: 'dashboard-light', width: 1440, height: 1000, theme: 'light' },
  { name: 'dashboard-dark', width: 1440, height: 1000, theme: 'dark' },
  { name: 'dashboard-phone', width: 390, height: 844, theme: 'light' },
  { name: 'dashboard-wall', width: 2560, height: 1440, theme: 'dark' },
] as const;

interface Character {
  readonly id: string;
  readonly meanMs: number;
  /** Part of the answers that are 500, from 20 s on. */
  readonly fails?: number;
  readonly weight?: number;
  readonly zone?: string;
}

const API: readonly Character[] = [
  { id: 'api-1', meanMs: 6, weight: 2, zone: 'a' },
  { id: 'api-2', meanMs: 9, zone: 'b' },
  { id: 'api-3', meanMs: 25, zone: 'b' },
];
const WEB: readonly Character[] = Array.from({ length: 8 }, (_, i) => {
  return { id: `web-${i + 1}`, meanMs: 8 + 3 * (i % 3), ...(i === 4 && { fails: 0.9 }) };
});

const startedAt = performance.now();
const servers: Server[] = [];
const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return portOf(server);
}

async function startEndpoint({ id, meanMs, fails = 0, ...options }: Character): Promise<object> {
  const answer = (response: ServerResponse) => {
    const isTrouble = performance.now() - startedAt > 20_000 && Math.random() < fails;
    response.writeHead(isTrouble ? 500 : 200).end(id);
  };
  const server = createServer((_, response) => void setTimeout(answer, meanMs * (0.6 + Math.random()), response));
  return { id, ...options, address: `127.0.0.1:${await listen(server)}` };
}

async function startDatabase(id: string): Promise<object> {
  const server = createTcpServer((socket) => socket.on('error', () => {}).pipe(socket));
  return { id, address: `127.0.0.1:${await listen(server)}` };
}

const [web, internal, db, admin] = [await freePort(), await freePort(), await freePort(), await freePort()];
const routes = [
  { match: { host: 'api.example.com', path: '/v1/*' }, pool: 'api' },
  { match: { host: 'api.example.com', path: '/v2/*' }, pool: 'api' },
  { match: { path: '/old/*' }, redirect: { to: 'https://example.com{path}' } },
  { pool: 'web' },
];
const health = { type: 'tcp', interval: '2s' };
const config = {
  workers: 2,
  admin: { bind: `127.0.0.1:${admin}` },
  listeners: {
    web: { bind: `127.0.0.1:${web}`, protocol: 'http', routes },
    internal: { bind: `127.0.0.1:${internal}`, protocol: 'http', routes: [{ pool: 'api' }] },
    mysql: { bind: `127.0.0.1:${db}`, protocol: 'tcp', pool: 'db' },
  },
  pools: {
    api: { policy: 'adaptive', health, endpoints: await Promise.all(API.map(startEndpoint)) },
    web: { policy: 'round-robin', health, outliers: {}, endpoints: await Promise.all(WEB.map(startEndpoint)) },
    db: {
      policy: 'least-connections',
      health,
      endpoints: await Promise.all(['primary', 'replica'].map(startDatabase)),
    },
  },
};
const balancer = await startBalancer(config, 'bun', [web, internal, db, admin]);

const ask = (port: number, path: string, host: string) =>
  get({ port, path, host: '127.0.0.1', headers: { host } }, (response) => response.resume()).on('error', () => {});
const visits = setInterval(() => {
  ask(web, '/v1/orders', 'api.example.com');
  if (Math.random() < 0.4) ask(web, '/v2/orders', 'api.example.com');
  if (Math.random() < 0.1) ask(web, '/old/x', 'example.com');
  for (let i = 0; i < 3; i++) ask(web, '/', 'www.example.com');
  if (Math.random() < 0.5) ask(internal, '/', 'internal');
}, 15);
const queries = setInterval(() => {
  const socket = connect(db, '127.0.0.1').on('error', () => {});
  socket.write('x'.repeat(20_000));
  socket.resume();
  setTimeout(() => socket.destroy(), 1000 + 4000 * Math.random());
}, 250);

const browser = await launch();
const url = `http://127.0.0.1:${admin}/`;
const tabs = await Promise.all(PICTURES.map((each) => openTab(browser, url, each)));
const operate = (pool: string, id: string, change: object) =>
  fetch(`${url}api/v1/pools/${pool}/endpoints/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(change),
  });
setTimeout(() => void operate('api', 'api-3', { mode: 'draining' }), WARM_UP_MS / 2);
setTimeout(() => void operate('web', 'web-2', { weight: 3 }), WARM_UP_MS / 2);
await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
for (const [i, { name, width, height }] of PICTURES.entries()) {
  const { page } = tabs[i]!;
  await page.setViewportSize({ width, height });
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

await browser.close();
clearInterval(visits);
clearInterval(queries);
await balancer.stop();
for (const server of servers) server.close();
process.exit(0);
