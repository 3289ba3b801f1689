import { createProvider } from '../control/discovery/registry.ts';
import type { Resolver } from '../control/discovery/resolver.ts';
import { createProbe } from '../control/health/registry.ts';
import { createMembership, type Membership } from '../control/membership/membership.ts';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { PoolOptions } from '../control/pool-options.ts';
import type { Transport } from '../transport/transport.ts';
import { createPoolPicker, type PoolPicker, type PoolPickerDeps, type PoolShare } from './pool-picker.ts';

export interface PoolDeps extends PoolPickerDeps {
  readonly scheduler: Scheduler;
  readonly resolver: Resolver;
  readonly transport: Transport;
}

/** A pool at work: its membership, and the picker that follows it. With several workers nobody picks by this one: it tells people. */
export interface ServedPool extends PoolPicker {
  readonly membership: Membership;
  readonly share?: PoolShare;
}

/**
 * Starts a pool. `isApplied` says whether every other worker has applied a version of the membership.
 *
 * Errors  rejects with what `createPoolPicker`, `createProbe` and `createMembership` throw; then nothing was started.
 */
export async function startPool(
  name: string,
  options: PoolOptions,
  deps: PoolDeps,
  share?: PoolShare,
  isApplied: (version: number) => boolean = () => true,
): Promise<ServedPool> {
  const { clock, rng, scheduler, resolver, transport } = deps;
  const pool = await createPoolPicker(name, options, deps, share);
  const { endpoints, health } = options;
  const checks = health && { options: health, probe: createProbe(health, { scheduler, transport }), scheduler };
  const membership = createMembership({
    ...{ pool: name, endpoints, clock, rng, resolver },
    provider: createProvider({ type: 'static', endpoints }),
    onEvent: (event) => deps.emit({ kind: 'membership', ...event }),
    isSlotInUse: (slot, leftAtVersion) => pool.picker.requestsOf(slot) > 0 || !isApplied(leftAtVersion),
    ...(checks !== undefined && { checks }),
  });
  membership.subscribe(pool.apply);
  return { ...pool, membership, ...(share !== undefined && { share }) };
}

/** Resolves when every name was asked for once, at the latest after `limitMs`: a dead name server must not keep us from serving. */
export function settled(pools: Iterable<ServedPool>, scheduler: Scheduler, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const limit = scheduler.after(limitMs, resolve);
    void Promise.all([...pools].map((pool) => pool.membership.settled)).then(() => {
      limit.cancel();
      resolve();
    });
  });
}
