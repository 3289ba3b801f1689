import { describe, expect, it } from 'vitest';
import type { Config } from '../config/config.ts';
import type { MembershipUpdate } from '../control/membership/snapshot.ts';
import { fakeScheduler } from '../control/testing/fake-scheduler.ts';
import { scriptedRng } from '../core/testing/rng.ts';
import { type CrewDeps, createCrew } from './crew.ts';
import type { ServerHappening } from './events.ts';
import type { ServedPool } from './pools.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

const config = (drainTimeout: number, pools: string[] = []) =>
  ({
    listeners: {},
    limits: { connections: 10 },
    drainTimeout,
    pools: Object.fromEntries(pools.map((name) => [name, {}])),
  }) as unknown as Config;

/** A worker's thread, whose answers the test gives. */
class FakeThread {
  readonly received: ToWorker[] = [];
  tell: (message: FromWorker) => void = () => {};
  end: (reason: string) => void = () => {};

  get configured(): number[] {
    return this.received.flatMap((each) => (each.kind === 'listeners' ? [each.config.drainTimeout] : []));
  }

  serve(): void {
    this.tell({ kind: 'serving', listeners: [] });
  }
}

function assemble(workers: number, pools: ReadonlyMap<string, ServedPool> = new Map()) {
  const threads: FakeThread[] = [];
  const happened: ServerHappening['kind'][] = [];
  const scheduler = fakeScheduler();
  const deps: Omit<CrewDeps, 'transport'> = {
    scheduler,
    clock: scheduler,
    rng: scriptedRng([0.5]),
    wallClock: () => 0,
    descriptors: { capacity: 100 },
    emit: ({ kind }) => happened.push(kind),
    spawnThread: () => {
      const thread = new FakeThread();
      threads.push(thread);
      return {
        post: (message) => thread.received.push(message),
        onMessage: (listener) => (thread.tell = listener),
        onExit: (listener) => (thread.end = listener),
        terminate: () => thread.end('terminated'),
      };
    },
  };
  // Without an address nothing is asked of the transport.
  const crew = createCrew(workers, pools, deps as CrewDeps);
  return { crew, threads, happened, advance: scheduler.advance };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Two workers that serve `config(1)`. */
async function started(pools?: ReadonlyMap<string, ServedPool>) {
  const all = assemble(2, pools);
  const done = all.crew.configure(config(1), () => {});
  await turn();
  all.threads[0]!.serve();
  await turn();
  all.threads[1]!.serve();
  await done;
  return all;
}

describe('a configuration and workers that die', () => {
  it('goes to a successor that is still starting, not to another one beside it', async () => {
    const { crew, threads, happened, advance } = await started();
    threads[0]!.end('crash');
    advance(60);
    expect(threads).toHaveLength(3);
    const done = crew.configure(config(2), () => {});
    await turn();
    expect(threads).toHaveLength(3);
    threads[2]!.serve();
    threads[2]!.serve();
    await turn();
    threads[1]!.serve();
    await done;
    expect(threads[2]!.configured).toEqual([1, 2]);
    expect(happened).toEqual(['worker-died', 'worker-replaced']);
  });

  it('brings a successor, which no other one follows', async () => {
    const { crew, threads, happened, advance } = await started();
    threads[1]!.end('crash');
    const done = crew.configure(config(2), () => {});
    await turn();
    threads[0]!.serve();
    await turn();
    advance(5000);
    expect(threads).toHaveLength(3);
    threads[2]!.serve();
    await done;
    expect(threads[2]!.configured).toEqual([2]);
    expect(happened).toEqual(['worker-died', 'worker-replaced']);
  });

  it.each([0, 1])('takes force although worker %i dies in the middle', async (worker) => {
    const { crew, threads, advance } = await started();
    let applied = 0;
    const done = crew.configure(config(2), () => applied++);
    await turn();
    if (worker === 1) threads[0]!.serve();
    await turn();
    threads[worker]!.end('crash');
    await turn();
    advance(60);
    threads[2]!.serve();
    await turn();
    if (worker === 0) threads[1]!.serve();
    await done;
    expect(applied).toBe(1);
    expect(threads[2]!.configured).toEqual([2]);
  });

  it('takes force nowhere when one worker refuses it', async () => {
    const { crew, threads } = await started();
    const refused = crew.configure(config(2), () => expect.unreachable()).catch((error: Error) => error.message);
    await turn();
    threads[0]!.serve();
    await turn();
    threads[1]!.tell({ kind: 'refused', code: 'listen-failed', message: 'in use' });
    await turn();
    for (const thread of threads) thread.serve();
    expect(await refused).toBe('in use');
    for (const thread of threads) expect(thread.configured).toEqual([1, 2, 1]);
  });
});

it('hires nobody once it is closed', async () => {
  const { crew, threads } = await started();
  const refused = crew.configure(config(2), () => {}).catch((error: { code: string }) => error.code);
  await turn();
  const closed = crew.close();
  expect(await refused).toBe('not-serving');
  await closed;
  expect(threads).toHaveLength(2);
});

it('ends a worker that does not answer to a drain', async () => {
  const { crew, threads, advance } = await started();
  // Three connections of the second worker.
  for (const each of threads[1]!.received) if (each.kind === 'listeners') each.connections.words[1024] = 3;
  const drained = crew.drain(1000);
  threads[0]!.tell({ kind: 'drained', result: { finished: true, remaining: 0 } });
  advance(10_000);
  expect(await drained).toEqual({ finished: false, remaining: 3 });
});

it('follows the membership that has the name now', async () => {
  const pools = new Map<string, ServedPool>();
  const { crew, threads } = await started(pools);
  const version: number[] = [];
  for (const attempt of [10, 20]) {
    pools.set('new', poolAt(attempt));
    const done = crew.configure(config(2, ['new']), () => {}).catch(() => {});
    await turn();
    threads[0]!.tell({ kind: 'refused', code: 'listen-failed', message: 'in use' });
    await done;
    pools.delete('new');
  }
  for (const each of threads[0]!.received) if (each.kind === 'membership') version.push(each.update.version);
  expect(version).toEqual([10, 20]);
});

function poolAt(version: number): ServedPool {
  const subscribe = (listener: (update: MembershipUpdate) => void) => {
    listener({ kind: 'snapshot', version, endpoints: [] });
    return () => {};
  };
  return { share: { memory: {} }, membership: { subscribe } } as unknown as ServedPool;
}
