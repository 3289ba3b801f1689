import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { expect } from 'vitest';
import { type Balancer, startBalancer, type TransportName } from '../harness/balancer.ts';
import { type ClientOptions, type RawClient, rawClient } from '../harness/client.ts';
import { freePort, sleep, until, writeFully } from '../harness/sockets.ts';

/** A tcp balancer with a listener for each thing to be seen. */
export interface TcpWorld {
  readonly port: Readonly<Record<TcpListener, number>>;
  readonly unixPath: string;
  readonly balancer: Balancer;
  /** Connections that reached the endpoints. */
  readonly accepted: Socket[];
}

export type TcpListener =
  | 'echo'
  | 'reply'
  | 'retry'
  | 'hash'
  | 'idle'
  | 'toUnix'
  | 'ipv6'
  | 'dead'
  | 'source'
  | 'spread';
export type TcpScenario = (world: TcpWorld) => Promise<void>;

const NAMES = ['n0', 'n1', 'n2', 'n3'];
const BLOCK = Buffer.alloc(1 << 20, 'tcp bytes with a period that is odd: 47 bytes.\n');

type Serve = (socket: Socket) => void;

const echo: Serve = (socket) => void socket.pipe(socket);

/** Says who it is, then echoes. */
function named(name: string): Serve {
  return (socket) => {
    socket.write(`${name}\n`);
    socket.pipe(socket);
  };
}

/** Reads to the end, then answers with the hash of what it read. */
const reply: Serve = (socket) => {
  const hash = createHash('sha256');
  socket.on('data', (bytes: Buffer) => hash.update(bytes));
  socket.on('end', () => socket.end(hash.digest('hex')));
};

export async function startTcpWorld(
  transport: TransportName,
  keep: (thing: { close(): unknown }) => void,
): Promise<TcpWorld> {
  const accepted: Socket[] = [];
  const serve = (each: Serve, where: string | { host: string } = { host: '127.0.0.1' }) =>
    startServer(keep, accepted, each, where);
  const names: TcpListener[] = ['echo', 'reply', 'retry', 'hash', 'idle', 'toUnix', 'ipv6', 'dead', 'source', 'spread'];
  const port = {} as Record<TcpListener, number>;
  for (const name of names) port[name] = await freePort(name === 'ipv6' ? '::1' : '127.0.0.1');
  const unixPath = `/tmp/conformance-${process.pid}-${transport}.sock`;
  const dead = `127.0.0.1:${await freePort()}`;
  const echoAt = await serve(echo);
  const many = await Promise.all(NAMES.map((name) => serve(named(name))));
  const pools = {
    echo: { endpoints: [echoAt] },
    reply: { endpoints: [await serve(reply)] },
    retry: { policy: 'round-robin', endpoints: [dead, echoAt] },
    hash: { policy: 'ip-hash', endpoints: many },
    idle: { endpoints: [echoAt], timeouts: { idle: '2s' } },
    toUnix: { endpoints: [await serve(echo, `/tmp/conformance-${process.pid}-${transport}-echo.sock`)] },
    ipv6: { endpoints: [await serve(echo, { host: '::1' })] },
    dead: { endpoints: [dead] },
    source: { endpoints: [echoAt] },
    spread: { policy: 'round-robin', endpoints: many },
  };
  const listener = (name: TcpListener): object => ({
    bind: name === 'ipv6' ? `[::1]:${port[name]}` : `127.0.0.1:${port[name]}`,
    ...{ protocol: 'tcp', pool: name, ...(name === 'source' && { limits: { perSource: 1 } }) },
  });
  const listeners = {
    ...Object.fromEntries(names.map((name) => [name, listener(name)])),
    unix: { bind: `unix:${unixPath}`, protocol: 'tcp', pool: 'echo' },
  };
  const probes = [...names.filter((name) => name !== 'ipv6').map((name) => port[name]), unixPath];
  const balancer = await startBalancer({ version: 1, workers: 1, listeners, pools }, transport, probes);
  keep({ close: () => balancer.stop() });
  return { port, unixPath, balancer, accepted };
}

async function startServer(
  keep: (thing: { close(): unknown }) => void,
  accepted: Socket[],
  serve: Serve,
  where: string | { host: string },
): Promise<string> {
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(0, where.host, resolve);
  });
  keep({ close: () => void server.close() });
  if (typeof where === 'string') return `unix:${where}`;
  const { port } = server.address() as { port: number };
  return where.host.includes(':') ? `[${where.host}]:${port}` : `${where.host}:${port}`;
}

const plain = (port: number, options: ClientOptions = {}): Promise<RawClient> =>
  rawClient(port, { ...options, plain: true });

async function expectEcho(client: RawClient, text: string): Promise<void> {
  await client.send(text);
  await until(`echo of ${text}`, () => client.bytes().toString('latin1') === text);
  client.close();
}

/** The name the endpoint says, over a connection from `localAddress`. */
async function nameSeen(port: number, localAddress: string): Promise<string> {
  const client = await plain(port, { localAddress });
  await until('a name', () => client.bytes().includes('\n'));
  client.close();
  return client.bytes().toString().trim();
}

export const tcp: Readonly<Record<string, TcpScenario>> = {
  echo: async ({ port }) => expectEcho(await plain(port.echo), 'any\0bytes\r\n\xff'),
  'the client ends first and still gets the answer': async ({ port }) => {
    const client = await plain(port.reply);
    await client.send('hello');
    client.shutdown();
    expect(await client.waitClosed(), 'closed').toBe(true);
    expect(client.bytes().toString()).toBe(createHash('sha256').update('hello').digest('hex'));
    expect(client.ended()).toBe('fin');
  },
  'the endpoint ends first and still gets what the client sends': async ({ port, accepted }) => {
    accepted.length = 0;
    const client = await plain(port.echo);
    await client.send('1');
    await until('echo', () => client.bytes().length === 1);
    const [socket] = accepted;
    socket!.unpipe(socket!).resume();
    let late = '';
    socket!.on('data', (bytes: Buffer) => {
      late += bytes.toString();
    });
    socket!.end('2');
    await until('fin', () => client.ended() === 'fin');
    expect(client.bytes().toString()).toBe('12');
    await client.send('late');
    await until('late bytes', () => late === 'late');
    client.close();
  },
  'a reset passes to the other side': async ({ port, accepted }) => {
    accepted.length = 0;
    const client = await plain(port.echo);
    await client.send('1');
    await until('echo', () => client.bytes().length === 1);
    accepted[0]!.resetAndDestroy();
    expect(await client.waitClosed()).toBe(true);
    accepted.length = 0;
    const other = await plain(port.echo);
    await other.send('1');
    await until('echo', () => other.bytes().length === 1);
    const closed = new Promise((resolve) => accepted[0]!.once('close', resolve));
    other.reset();
    await closed;
  },
  '64 MiB through an echo arrive whole': async ({ port }) => {
    const client = await plain(port.echo);
    const [sent, got] = [createHash('sha256'), createHash('sha256')];
    let received = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', (bytes: Buffer) => {
      received += bytes.length;
      got.update(bytes);
    });
    for (let block = 0; block < 64; block++) {
      sent.update(BLOCK);
      await writeFully(client.socket, BLOCK);
    }
    client.shutdown();
    expect(await client.waitClosed()).toBe(true);
    expect([received, got.digest('hex')]).toEqual([64 * BLOCK.length, sent.digest('hex')]);
  },
  'a client that does not read stops the endpoint, not the balancer': async ({ port, balancer, accepted }) => {
    accepted.length = 0;
    const before = balancer.residentBytes();
    const client = await plain(port.echo);
    client.pause();
    let sent = 0;
    const pump = (async () => {
      while (sent < 256 && (await writeFully(client.socket, BLOCK))) sent++;
    })();
    let settled = -1;
    while (settled !== sent) {
      settled = sent;
      await sleep(200);
    }
    // The kernel's eight buffers there and back may hold 144 MiB.
    expect(sent, 'MiB taken while nobody reads').toBeLessThan(200);
    expect(balancer.residentBytes() - before).toBeLessThan(40 << 20);
    client.reset();
    await pump;
  },
  'a refused connect goes to the next endpoint': async ({ port }) => {
    for (let round = 0; round < 6; round++) await expectEcho(await plain(port.retry), `round ${round}`);
  },
  'bytes sent before the endpoint is connected are kept': async ({ port }) => {
    const client = await plain(port.retry);
    await client.send('first', 'second');
    client.shutdown();
    expect(await client.waitClosed()).toBe(true);
    expect(client.bytes().toString()).toBe('firstsecond');
  },
  'no endpoint at all ends the client': async ({ port }) => {
    const client = await plain(port.dead).catch(() => undefined);
    expect(await (client?.waitClosed() ?? true)).toBe(true);
  },
  'ip-hash keeps a source on its endpoint and spreads sources': async ({ port }) => {
    const seen = new Set<string>();
    for (let host = 1; host <= 24; host++) {
      const first = await nameSeen(port.hash, `127.0.0.${host}`);
      expect(await nameSeen(port.hash, `127.0.0.${host}`)).toBe(first);
      seen.add(first);
    }
    expect(seen.size).toBeGreaterThan(1);
  },
  'round-robin over connections': async ({ port }) => {
    const seen = await Promise.all(Array.from({ length: 8 }, () => nameSeen(port.spread, '127.0.0.1')));
    expect(NAMES.map((name) => seen.filter((each) => each === name).length)).toEqual([2, 2, 2, 2]);
  },
  'an idle connection is closed, a busy one is not': async ({ port }) => {
    const [idle, busy] = [await plain(port.idle), await plain(port.idle)];
    for (let beat = 0; beat < 7; beat++) {
      await busy.send('x');
      await sleep(400);
    }
    expect(busy.bytes().length).toBeGreaterThan(6);
    expect(busy.ended()).toBe('open');
    expect(await idle.waitClosed()).toBe(true);
    expect(await busy.waitClosed()).toBe(true);
  },
  'a unix socket listens': async ({ unixPath }) => expectEcho(await plain(0, { host: unixPath }), 'over a path'),
  'a unix socket is an endpoint': async ({ port }) => expectEcho(await plain(port.toUnix), 'to a path'),
  'IPv6 on both sides': async ({ port }) => expectEcho(await plain(port.ipv6, { host: '::1' }), 'six'),
  'one connection for each source': async ({ port }) => {
    const first = await plain(port.source, { localAddress: '127.0.0.20' });
    await first.send('1');
    await until('echo', () => first.bytes().length === 1);
    const second = await plain(port.source, { localAddress: '127.0.0.20' }).catch(() => undefined);
    expect(await (second?.waitClosed() ?? true)).toBe(true);
    await expectEcho(await plain(port.source, { localAddress: '127.0.0.21' }), 'other');
    first.close();
    await sleep(50);
    await expectEcho(await plain(port.source, { localAddress: '127.0.0.20' }), 'again');
  },
  'two hundred connections at once': async ({ port }) => {
    const clients = await Promise.all(Array.from({ length: 200 }, () => plain(port.echo)));
    await Promise.all(clients.map((client, index) => expectEcho(client, `client ${index}`)));
  },
};
