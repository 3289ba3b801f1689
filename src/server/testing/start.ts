import { type Config, ConfigFile, type ConfigInput, toConfig } from '../../config/config.ts';
import { createResolver } from '../../control/discovery/resolver.ts';
import { createScheduler } from '../../control/membership/scheduler.ts';
import { defineRegistry } from '../../core/kernel/registry.ts';
import { createRng } from '../../core/kernel/rng.ts';
import { createPolicy } from '../../core/policies/registry.ts';
import { Counters } from '../../telemetry/counters.ts';
import { createEventBus } from '../../telemetry/events.ts';
import { createDescriptorBudget } from '../../transport/descriptors.ts';
import { createTransport } from '../../transport/detect.ts';
import { TimerWheel } from '../../transport/timer-wheel.ts';
import type { ServerEvent } from '../events.ts';
import { type ServerDeps, startServer } from '../server.ts';
import { lines } from './line-protocol.ts';

const noNames = () => Promise.resolve([]);

export function testDeps(): ServerDeps {
  const scheduler = createScheduler();
  return {
    transport: createTransport({ onHandlerError: (error) => Promise.reject(error) }),
    timers: new TimerWheel(),
    descriptors: createDescriptorBudget(),
    clock: performance,
    rng: createRng(1),
    scheduler,
    resolver: createResolver({ scheduler, lookups: { resolve4: noNames, resolve6: noNames, lookup: noNames } }),
    createPolicy,
    protocols: defineRegistry([lines]),
    counters: new Counters(),
    events: createEventBus<ServerEvent>(),
    wallClock: () => 0,
    cores: 1,
    spawnThread: () => {
      throw new Error('one worker only');
    },
  };
}

/** A configuration whose listeners all speak the line protocol. */
export function linesConfig(input: ConfigInput): Config {
  const config = toConfig(ConfigFile.parse(input));
  const listeners = Object.entries(config.listeners).map(([name, each]) => [name, { ...each, protocol: 'lines' }]);
  return { ...config, listeners: Object.fromEntries(listeners) };
}

export const startLines = (input: ConfigInput, deps = testDeps()) => startServer(linesConfig(input), deps);
