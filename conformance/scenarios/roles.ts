import { connect } from 'node:net';
import { expect } from 'vitest';
import { startBalancer, type TransportName } from '../harness/balancer.ts';
import type { PairKind } from '../harness/databases/pair.ts';
import { freePort, sleep, until } from '../harness/sockets.ts';

const INTERVAL_MS = 250;
/** From the moment both servers have changed: one interval and its jitter, one check, and a machine that is busy. */
const FOLLOWS_WITHIN_MS = 5000;

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

/**
 * `role: primary` leads to the primary and `role: replica` to the other one; after a switch-over both have changed within a
 * check, who was connected to the former primary is not any more, and no write reaches it.
 */
export async function followsSwitchOver(kind: PairKind, transport: TransportName): Promise<void> {
  const pair = await kind.start();
  try {
    const [a, b] = pair.ports;
    const [primary, replica] = [await freePort(), await freePort()];
    const listener = (port: number, role: string) => ({ bind: `127.0.0.1:${port}`, protocol: 'tcp', pool: 'db', role });
    const health = { ...pair.health, interval: INTERVAL_MS, timeout: 2000, initial: 'down', rise: 1 };
    const config = {
      workers: 2,
      listeners: { primary: listener(primary, 'primary'), replica: listener(replica, 'replica') },
      // The wrong way round: what checks say wins.
      pools: {
        db: {
          health,
          endpoints: [
            { id: 'a', address: a, role: 'replica' },
            { id: 'b', address: b },
          ],
        },
      },
    };
    const balancer = await startBalancer(config, transport, []);
    try {
      await until(
        'both roles are known',
        () => /a is up/.test(balancer.output()) && /b is up/.test(balancer.output()),
        10_000,
      );
      expect([await pair.write(primary), await pair.read(replica)]).toEqual([a, b]);
      const held = idleConnection(primary);
      await sleep(100);
      expect(held.isClosed, 'held before').toBe(false);

      const writes: Write[] = [];
      const written = () => writes.map(({ by }) => by);
      let isOver = false;
      const writing = (async () => {
        while (!isOver) writes.push({ by: await pair.write(primary).catch(() => 'nobody'), at: performance.now() });
      })();
      await pair.switchOver();
      await until('writes reach the new primary', () => written().includes(b), FOLLOWS_WITHIN_MS);
      await until(
        'reads reach the former primary',
        () => /endpoint a: role is replica/.test(balancer.output()),
        10_000,
      );
      for (let i = 0; i < 10; i++) expect(await pair.write(primary)).toBe(b);
      isOver = true;
      await writing;
      expect(written().slice(written().indexOf(b)), 'no write comes back').not.toContain(a);
      expect(await pair.read(replica)).toBe(a);
      await until('the held connection is closed', () => held.isClosed, 2000);
      held.end();
      console.log(`${kind.name} transport=${transport}: ${describeGap(writes, a, b)}`);
    } finally {
      await balancer.stop();
    }
  } finally {
    await pair.close();
  }
}
