import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createResolver } from '../control/discovery/resolver.ts';
import { createSystemLookups } from '../control/discovery/system-lookups.ts';
import { createCoarseScheduler } from '../control/membership/coarse-scheduler.ts';
import { createScheduler } from '../control/membership/scheduler.ts';
import { createRng } from '../core/kernel/rng.ts';
import { createPolicy } from '../core/policies/registry.ts';
import { protocols } from '../proxy/protocols/registry.ts';
import type { ServerEvent } from '../server/events.ts';
import type { ServerDeps } from '../server/server.ts';
import { Counters } from '../telemetry/counters.ts';
import { createEventBus } from '../telemetry/events.ts';
import { createDescriptorBudget } from '../transport/descriptors.ts';
import { createTransport } from '../transport/detect.ts';
import { startTimerWheel } from '../transport/ticker.ts';
import { spawnThread } from './worker.ts';

/** What the server gets from the real world: time, chance, sockets, names. */
export interface System {
  readonly deps: ServerDeps;
  /** Ends what keeps running by itself; after the server. */
  close(): void;
}

/** `takeover`: other processes of ours listen on the same addresses for a moment. */
export function createSystem({ takeover = false } = {}): System {
  const events = createEventBus<ServerEvent>();
  const reportException = (error: unknown) => events.emit({ at: Date.now(), kind: 'exception', error });
  const clock = { now: () => performance.now() };
  const scheduler = createCoarseScheduler(createScheduler(), clock);
  const resolver = createResolver({ scheduler, lookups: createSystemLookups() });
  const ticker = startTimerWheel({ onError: reportException });
  const deps: ServerDeps = {
    transport: createTransport({ onHandlerError: reportException }),
    timers: ticker.wheel,
    descriptors: createDescriptorBudget(),
    clock,
    rng: createRng(randomInt(2 ** 32)),
    scheduler,
    resolver,
    createPolicy,
    protocols,
    counters: new Counters(),
    events,
    wallClock: () => Date.now(),
    takeover,
    cores: availableParallelism(),
    spawnThread,
  };
  return {
    deps,
    close() {
      ticker.stop();
      resolver.close();
    },
  };
}

/** Of this program, as package.json has it. */
export function programVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** `bun 1.4.5` or `node 20.20.2`. */
export function runtimeName(): string {
  const { bun } = process.versions;
  return bun === undefined ? `node ${process.versions.node}` : `bun ${bun}`;
}
