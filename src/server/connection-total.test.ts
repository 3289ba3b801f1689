import { describe, expect, test } from 'vitest';
import { ConfigFile, toConfig } from '../config/config.ts';
import { Counters } from '../telemetry/counters.ts';
import { withinTotal } from './connection-total.ts';
import { connectionsElsewhere, connectionsWord, createConnectionsMemory, withListeners } from './shared-connections.ts';

const NAMES = ['web', 'mail'];

/** Two workers; `own` is the limit of `web`, `all` the program's. */
function setUp(own: number, all: number) {
  const listener = (port: number, connections: number) => ({
    bind: `127.0.0.1:${port}`,
    pool: 'main',
    limits: { connections },
  });
  const config = toConfig(
    ConfigFile.parse({
      limits: { connections: all },
      listeners: { web: listener(1, own), mail: listener(2, 100) },
      pools: { main: { endpoints: [3] } },
    }),
  );
  const memory = withListeners(createConnectionsMemory(2), NAMES);
  return [0, 1].map((worker) => {
    const counters = new Counters();
    for (const name of NAMES) counters.listener(name, connectionsWord(memory, worker, name));
    const elsewhere = connectionsElsewhere(memory, worker);
    const room = (name: string) =>
      withinTotal(name, config.listeners[name]!, config, counters, elsewhere).limits.connections;
    return { room, arrive: (name: string) => counters.listener(name).connectionArrived() };
  });
}

describe('what a worker may accept', () => {
  test('is what the others leave of the listener’s limit', () => {
    const [one, other] = setUp(3, 100);
    other!.arrive('web');
    expect([one!.room('web'), other!.room('web'), one!.room('mail')]).toEqual([2, 3, 99]);
  });

  test('and of the program’s', () => {
    const [one, other] = setUp(50, 10);
    one!.arrive('mail');
    other!.arrive('mail');
    other!.arrive('web');
    expect([one!.room('web'), one!.room('mail')]).toEqual([7, 8]);
  });

  test('two that come at a time do not both take the last place', () => {
    const [one, other] = setUp(1, 100);
    one!.arrive('web');
    other!.arrive('web');
    // Neither has accepted any.
    expect([one!.room('web'), other!.room('web')]).toEqual([0, 0]);
  });
});
