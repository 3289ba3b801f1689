import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, adminAt } from '../harness/admin.ts';
import { answer, type Exchange, type RecordingBackend, recordingBackend } from '../harness/backend.ts';
import { type Balancer, type BalancerLimits, startBalancer } from '../harness/balancer.ts';
import { get, type RawClient, rawClient } from '../harness/client.ts';
import { freePort, PATIENCE_MS, sleep } from '../harness/sockets.ts';
import type { cleanUp } from '../harness/suite.ts';

/** A balancer of several workers, and endpoints that do as they are told. */
export interface WorkersWorld {
  readonly port: number;
  readonly adminPort: number;
  readonly admin: Admin;
  readonly balancer: Balancer;
  readonly endpoints: readonly Endpoint[];
  /** Connections whose worker the kernel chose: with a few of them every worker has some. */
  clients(count: number, localAddress?: string): Promise<RawClient[]>;
}

export interface Endpoint {
  readonly backend: RecordingBackend;
  /** Requests it has now, the most it had at a time, and all that came. */
  now: number;
  most: number;
  all: number;
  /** Answers with this status after that time; holds what it gets when it is 0. */
  status: number;
  delayMs: number;
  readonly held: Exchange[];
  /** Answers what it holds, and what comes from then on. */
  release(status?: number): void;
}

export interface WorkersSetUp {
  readonly workers: number;
  /** How many; what each is to have in the configuration. */
  readonly endpoints?: readonly object[];
  /** Further keys of the pool, the listener and the whole. */
  readonly pool?: object;
  readonly listener?: object;
  readonly program?: object;
  readonly limits?: BalancerLimits;
  /** A unix socket beside the port. */
  readonly unixPath?: string;
}

export async function startWorkers(given: WorkersSetUp, keep: ReturnType<typeof cleanUp>): Promise<WorkersWorld> {
  const wanted = given.endpoints ?? [{}];
  const endpoints = await Promise.all(wanted.map(() => countingEndpoint(keep)));
  const [port, admin] = [await freePort(), await freePort()];
  const listed = endpoints.map(({ backend }, at) => ({ id: `e${at}`, address: backend.address, ...wanted[at] }));
  const binds = [`127.0.0.1:${port}`, ...(given.unixPath ? [`unix:${given.unixPath}`] : [])];
  const web = { bind: binds, protocol: 'http', routes: [{ pool: 'main' }], ...given.listener };
  const config = {
    ...{ version: 1, workers: given.workers, admin: { bind: `127.0.0.1:${admin}` } },
    ...{ listeners: { web }, pools: { main: { endpoints: listed, servedBy: true, ...given.pool } } },
    ...given.program,
  };
  const balancer = await startBalancer(config, 'bun', [port, admin], given.limits);
  keep(balancer);
  // The first worker listens before the last one.
  await untilReady(adminAt(admin), 200);
  const clients = (count: number, localAddress?: string) =>
    Promise.all(Array.from({ length: count }, () => rawClient(port, localAddress ? { localAddress } : {})));
  return { port, adminPort: admin, admin: adminAt(admin), balancer, endpoints, clients };
}

/** Waits for a status of /readyz. */
export async function untilReady(admin: Admin, status: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while ((await admin.ready().catch(() => 0)) !== status) {
    if (performance.now() > deadline) throw new Error(`/readyz is not ${status}`);
    await sleep(20);
  }
}

export async function countingEndpoint(keep: ReturnType<typeof cleanUp>): Promise<Endpoint> {
  const backend = await recordingBackend();
  keep(backend);
  const held: Exchange[] = [];
  const endpoint: Endpoint = { ...{ backend, held, now: 0, most: 0, all: 0, status: 200, delayMs: 0 }, release };
  function reply(exchange: Exchange): void {
    endpoint.now--;
    answer(`HTTP/1.1 ${endpoint.status} Said\r\nContent-Length: 2\r\n\r\nok`)(exchange);
  }
  function release(status = 200): void {
    endpoint.status = status;
    for (const exchange of held.splice(0)) reply(exchange);
  }
  backend.onRequest = (exchange) => {
    endpoint.all++;
    endpoint.most = Math.max(endpoint.most, ++endpoint.now);
    if (endpoint.status === 0) {
      held.push(exchange);
      void exchange.closed.then(() => {
        const at = held.indexOf(exchange);
        if (at < 0) return;
        held.splice(at, 1);
        endpoint.now--;
      });
    } else if (endpoint.delayMs === 0) reply(exchange);
    else setTimeout(reply, endpoint.delayMs, exchange);
  };
  return endpoint;
}

/** One request; its status and who served it. */
export async function ask(client: RawClient, target = '/'): Promise<{ status: string; by: string | undefined }> {
  const index = client.responses.length;
  await client.send(get(target));
  const { start, fields } = await client.response(index);
  return { status: start[1], by: fields.find(([name]) => name.toLowerCase() === 'x-served-by')?.[1] };
}

/** What comes of a client of its own that stays: `served`, or `refused` by a 503 or a reset. */
async function come(world: WorkersWorld, localAddress?: string): Promise<string> {
  const clients = world.clients(1, localAddress);
  const { status } = await clients.then(([client]) => ask(client!)).catch(() => ({ status: 'reset' }));
  if (status === '200') return 'served';
  return status === '503' || status === 'reset' ? 'refused' : status;
}

/** As many as that come, one after the other. */
export async function comeInTurn(world: WorkersWorld, count: number, localAddress?: string): Promise<string[]> {
  const outcomes: string[] = [];
  for (let i = 0; i < count; i++) outcomes.push(await come(world, localAddress));
  return outcomes;
}

/** Those of `clients` in turn, `count` requests one after the other. */
export async function askInTurn(clients: readonly RawClient[], count: number): Promise<string[]> {
  const served: string[] = [];
  for (let i = 0; i < count; i++) {
    const { status, by } = await ask(clients[i % clients.length]!);
    served.push(status === '200' ? by! : status);
  }
  return served;
}

/** What a request has to cost for the policy of `endlessLoop` never to decide about it. */
export const ENDLESS_COST = 666;

/** A policy of a user's that takes the first, and loops for ever over a request of that cost. */
export function endlessLoop(keep: ReturnType<typeof cleanUp>): string {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  keep({ close: () => rmSync(folder, { recursive: true, force: true }) });
  const file = join(folder, 'policy.mjs');
  writeFileSync(
    file,
    `export const first = ({ cost }, candidates) => { while (cost === ${ENDLESS_COST}); return candidates[0]; };\n`,
  );
  return `${file}#first`;
}

/** A policy of a user's that takes the first, and ends its worker when told to. */
export interface Assassin {
  readonly module: string;
  /** The next pick is its worker's last one. */
  killOne(): void;
  /** As `killOne`, every pick, until `spare`. */
  killAll(): void;
  spare(): void;
}

export function assassin(keep: ReturnType<typeof cleanUp>): Assassin {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  keep({ close: () => rmSync(folder, { recursive: true, force: true }) });
  const [module, one, all] = ['policy.mjs', 'one', 'all'].map((name) => join(folder, name)) as [string, string, string];
  writeFileSync(
    module,
    `import { existsSync, unlinkSync } from 'node:fs';
export function first(_request, candidates) {
  if (existsSync(${JSON.stringify(all)})) process.exit(7);
  if (existsSync(${JSON.stringify(one)})) { unlinkSync(${JSON.stringify(one)}); process.exit(7); }
  return candidates[0];
}
`,
  );
  return {
    module: `${module}#first`,
    killOne: () => writeFileSync(one, ''),
    killAll: () => writeFileSync(all, ''),
    spare: () => rmSync(all, { force: true }),
  };
}
