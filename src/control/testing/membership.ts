import { seededRng } from '../../core/testing/rng.ts';
import type { Provider } from '../discovery/provider.ts';
import type { Resolution, Resolver } from '../discovery/resolver.ts';
import type { Probe, ProbeResult } from '../health/probe.ts';
import { createMembership, type MembershipEvent } from '../membership/membership.ts';
import type { MembershipUpdate } from '../membership/snapshot.ts';
import type { EndpointOptions, HealthOptions } from '../pool-options.ts';
import { fakeScheduler } from './fake-scheduler.ts';

export const passed: ProbeResult = { kind: 'passed', reason: 'status 200' };
export const failed: ProbeResult = { kind: 'failed', reason: 'status 500, expected 200–399' };
export const health: HealthOptions = {
  type: 'http',
  interval: 1000,
  timeout: 500,
  rise: 2,
  fall: 3,
  initial: 'unknown',
  jitter: 0,
};

export function endpoint(id: string, given: Partial<EndpointOptions> = {}): EndpointOptions {
  const address = { kind: 'tcp', host: '10.0.0.1', port: 80 } as const;
  return { id, address, weight: 1, backup: false, mode: 'ready', ...given };
}

/** The address of a name. */
export const named = (host: string) => ({ address: { kind: 'tcp', host, port: 80 } as const });

interface Given {
  health?: HealthOptions;
  /** What the next checks of every endpoint say. */
  result?: ProbeResult;
}

/** A membership whose time, names, probe and provider a test moves by hand. */
export function setUpMembership(endpoints: readonly EndpointOptions[], given: Given = {}) {
  const time = fakeScheduler();
  const events: MembershipEvent[] = [];
  const updates: MembershipUpdate[] = [];
  /** `of`: by authority, where it is not the same for all. */
  const world = { result: given.result ?? passed, of: new Map<string, ProbeResult>() };
  const asked: string[] = [];
  const probe: Probe = {
    start({ authority }, report) {
      asked.push(authority);
      report(world.of.get(authority) ?? world.result);
      return { stop() {} };
    },
  };
  const names = new Map<string, (resolution: Resolution) => void>();
  const resolver: Resolver = {
    watch(host, listener) {
      names.set(host, listener);
      return { stop: () => void names.delete(host) };
    },
    close() {},
  };
  let provide: (next: readonly EndpointOptions[]) => void = () => {};
  const provider: Provider = {
    start(listener) {
      provide = listener;
      listener(endpoints);
      return { stop() {} };
    },
  };
  const membership = createMembership({
    pool: 'api',
    endpoints: [],
    ...(given.health !== undefined && { checks: { options: given.health, probe, scheduler: time } }),
    clock: time,
    rng: seededRng(1),
    resolver,
    provider,
    onEvent: (event) => events.push(event),
  });
  membership.subscribe((update) => updates.push(update));
  const replace = (...next: EndpointOptions[]) => provide(next);
  return { time, events, updates, world, asked, names, membership, replace };
}
