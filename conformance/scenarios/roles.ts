import { connect } from 'node:net';
import { expect } from 'vitest';
import { type Balancer, startBalancer, type TransportName } from '../harness/balancer.ts';
import type { PairKind, ReplicatedPair } from '../harness/databases/pair.ts';
import { freePort, PATIENCE_MS, sleep, until } from '../harness/sockets.ts';

const INTERVAL_MS = 250;

/** A connection that says nothing; tells when it was closed. */
function idleConnection(port: number): { readonly isClosed: boolean; end(): void } {
  const state = { isClosed: false, end: () => void socket.destroy() };
  const socket = connect(port, '127.0.0.1').resume();
  socket
    .on('error', () => {})
    .on('close', () => {
      state.isClosed = true;
    });
  return state;
}

/** One write in a row of them. */
interface Write {
  /** The port of who took it. */
  readonly by: number | 'nobody';
  readonly at: number;
}

function describeGap(writes: readonly Write[], from: number, to: number): string {
  const last = writes.findLast(({ by }) => by === from)?.at ?? writes[0]!.at;
  const first = writes.find(({ by }) => by === to)!.at;
  return `no write for ${(first - last).toFixed(0)} ms, switch-over included, and ${writes.length} in all`;
}

/** A pair behind a listener for each role, both known. */
interface ServedPair {
  readonly pair: ReplicatedPair;
  readonly balancer: Balancer;
  /** Ports of the listeners. */
  readonly primary: number;
  readonly replica: number;
}

async function withPair(
  kind: PairKind,
  transport: TransportName,
  scenario: (served: ServedPair) => Promise<void>,
): Promise<void> {
  const pair = await kind.start();
  try {
    const [primary, replica] = [await freePort(), await freePort()];
    const balancer = await startBalancer(configOf(pair, primary, replica), transport, []);
    try {
      await untilTold(balancer, 'both are up', () => ['a', 'b'].every((each) => timesUp(balancer, each) > 0));
      await scenario({ pair, balancer, primary, replica });
    } finally {
      await balancer.stop();
    }
  } finally {
    await pair.close();
  }
}

function configOf(pair: ReplicatedPair, primary: number, replica: number): object {
  const [a, b] = pair.ports;
  const listener = (port: number, role: string) => ({ bind: `127.0.0.1:${port}`, protocol: 'tcp', pool: 'db', role });
  const health = { ...pair.health, interval: INTERVAL_MS, timeout: 2000, initial: 'down', rise: 1 };
  // The wrong way round: what checks say wins.
  const endpoints = [
    { id: 'a', address: a, role: 'replica' },
    { id: 'b', address: b },
  ];
  return {
    workers: 2,
    listeners: { primary: listener(primary, 'primary'), replica: listener(replica, 'replica') },
    pools: { db: { health, endpoints } },
  };
}

const timesUp = (balancer: Balancer, id: string): number =>
  balancer.output().match(new RegExp(`endpoint ${id} is up`, 'g'))?.length ?? 0;

/** Waits for what the balancer's log tells; throws with the log when it does not come. */
function untilTold(balancer: Balancer, what: string, condition: () => boolean): Promise<void> {
  return until(what, condition).catch((cause) => {
    throw new Error(`${cause.message} in\n${balancer.output()}`);
  });
}

/** Writes one after the other through `port`, from now on. */
function writeOn(pair: ReplicatedPair, port: number) {
  const writes: Write[] = [];
  let isOver = false;
  const writing = (async () => {
    while (!isOver) writes.push({ by: await pair.write(port).catch(() => 'nobody'), at: performance.now() });
  })();
  const end = () => {
    isOver = true;
    return writing;
  };
  return { writes, by: () => writes.map(({ by }) => by), end };
}

/**
 * `role: primary` leads to the primary and `role: replica` to the other one; after a switch-over both have changed within a
 * check, who was connected to the former primary is not any more, and no write reaches it.
 */
export async function followsSwitchOver(kind: PairKind, transport: TransportName): Promise<void> {
  await withPair(kind, transport, async ({ pair, balancer, primary, replica }) => {
    const [a, b] = pair.ports;
    await serves(() => pair.write(primary), a);
    await serves(() => pair.read(replica), b);
    const held = idleConnection(primary);
    await sleep(100);
    expect(held.isClosed, 'held before').toBe(false);

    const writing = writeOn(pair, primary);
    await pair.switchOver();
    await until('writes reach the new primary', () => writing.by().includes(b));
    await untilTold(balancer, 'the former primary', () => /endpoint a: role is replica/.test(balancer.output()));
    await serves(() => pair.write(primary), b);
    await writing.end();
    expect(writing.by().slice(writing.by().indexOf(b)), 'no write comes back').not.toContain(a);
    await serves(() => pair.read(replica), a);
    await until('the held connection is closed', () => held.isClosed);
    held.end();
    console.log(`${kind.name} transport=${transport}: ${describeGap(writing.writes, a, b)}`);
  });
}

/**
 * Waits until ten in a row reach `port`: who starts refuses for a moment, and what the pool knows takes a moment to reach each
 * worker.
 */
async function serves(ask: () => Promise<number>, port: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let inARow = 0; inARow < 10; ) {
    const by = await ask().catch(() => 0);
    inARow = by === port ? inARow + 1 : 0;
    if (performance.now() > deadline) throw new Error(`${port} does not serve`);
  }
}

/**
 * A primary that is killed is followed by the one that is promoted in its place, and gets no write any more: neither when it is
 * back and takes itself for the primary (a split brain, which is told), nor as a replica, which it is for reads.
 */
export async function survivesKilledPrimary(kind: PairKind, transport: TransportName): Promise<void> {
  await withPair(kind, transport, async ({ pair, balancer, primary, replica }) => {
    const [a, b] = pair.ports;
    const tells = (what: RegExp) => untilTold(balancer, `${what}`, () => what.test(balancer.output()));
    const writing = writeOn(pair, primary);
    await until('it writes', () => writing.by().includes(a));
    await pair.killPrimary();
    await pair.promote();
    await until('writes reach the new primary', () => writing.by().includes(b));
    await tells(/endpoint a: role is none \(was primary\): it says primary, but b is/);
    await tells(/endpoint a is down/);

    const timesUpBefore = timesUp(balancer, 'a');
    await pair.revive();
    // A split brain: it is back, and takes itself for the primary.
    await serves(() => pair.write(a), a);
    await untilTold(balancer, 'it is up again', () => timesUp(balancer, 'a') > timesUpBefore);
    const sinceRevival = writing.writes.length;
    // Each worker has followed, and serves some.
    await until('writes go on', () => writing.writes.length >= sinceRevival + 10);

    await pair.demote();
    await tells(/endpoint a: role is replica \(was none\)/);
    await serves(() => pair.write(primary), b);
    await writing.end();
    expect(writing.by().slice(writing.by().indexOf(b)), 'no write comes back').not.toContain(a);
    expect(new Set(writing.by().slice(sinceRevival)), 'none fails beside a second primary').toEqual(new Set([b]));
    await serves(() => pair.read(replica), a);
    console.log(`${kind.name} transport=${transport}, killed: ${describeGap(writing.writes, a, b)}`);
  });
}
