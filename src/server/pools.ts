import { isDeepStrictEqual } from 'node:util';
import type { Provider } from '../control/discovery/provider.ts';
import { createProvider } from '../control/discovery/registry.ts';
import type { Resolver } from '../control/discovery/resolver.ts';
import { createProbe } from '../control/health/registry.ts';
import { createMembership, type Membership, type MembershipOptions } from '../control/membership/membership.ts';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { EndpointOptions, PoolOptions } from '../control/pool-options.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { Transport } from '../transport/transport.ts';
import { createPoolPicker, type PoolPicker, type PoolPickerDeps, type PoolShare } from './pool-picker.ts';
import { carryChanges } from './saved-state.ts';

export interface PoolDeps extends PoolPickerDeps {
  readonly scheduler: Scheduler;
  readonly resolver: Resolver;
  readonly transport: Transport;
}

/** A pool at work: its membership, and the picker that follows it. With several workers nobody picks by this one: it tells people. */
export interface ServedPool extends PoolPicker {
  readonly membership: Membership;
  readonly share?: PoolShare;
  /** The endpoints that the configuration or a person listed last. */
  readonly endpoints: () => readonly EndpointOptions[];
  /** Replaces them; those that stay are kept as they are. */
  replaceEndpoints(endpoints: readonly EndpointOptions[]): void;
  prepare(options: PoolOptions): Promise<() => ServedPool>;
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
  const { clock, rng, resolver } = deps;
  const picker = await createPoolPicker(name, options, deps, share);
  const listed = listEndpoints(name, options.endpoints, share?.memory.counts.capacity);
  const checks = checksOf(options, deps, picker);
  const membership = createMembership({
    ...{ pool: name, endpoints: options.endpoints, clock, rng, resolver },
    provider: listed.provider,
    onEvent: (event) => deps.emit({ kind: 'membership', ...event }),
    isSlotInUse: (slot, leftAtVersion) => picker.picker.requestsOf(slot) > 0 || !isApplied(leftAtVersion),
    ...(checks !== undefined && { checks }),
  });
  membership.subscribe(picker.apply);
  return serve(picker, membership, listed, deps, share);
}

function serve(
  picker: PoolPicker,
  membership: Membership,
  listed: ListedEndpoints,
  deps: PoolDeps,
  share: PoolShare | undefined,
): ServedPool {
  const { options } = picker;
  return {
    ...picker,
    membership,
    ...(share !== undefined && { share }),
    endpoints: listed.current,
    replaceEndpoints: listed.replace,
    async prepare(next) {
      refuseTooMany(picker.name, next.endpoints, share?.memory.counts.capacity);
      const applyPicker = await picker.prepare(next);
      const checks = checksOf(next, deps, picker);
      return () => {
        const configured = applyPicker();
        if (!isDeepStrictEqual(next.health, options.health)) membership.setChecks(checks);
        if (!isDeepStrictEqual(next.endpoints, options.endpoints)) {
          listed.replace(carryChanges(options.endpoints, next.endpoints, listed.current()));
        }
        return serve(configured, membership, listed, deps, share);
      };
    },
  };
}

function checksOf(
  { health }: PoolOptions,
  { scheduler, transport }: PoolDeps,
  { traffic }: PoolPicker,
): MembershipOptions['checks'] {
  return health && { options: health, probe: createProbe(health, { scheduler, transport }), scheduler, traffic };
}

interface ListedEndpoints {
  readonly provider: Provider;
  readonly current: () => readonly EndpointOptions[];
  readonly replace: (endpoints: readonly EndpointOptions[]) => void;
}

/** A provider of a list that is replaced as a whole. */
function listEndpoints(pool: string, first: readonly EndpointOptions[], room?: number): ListedEndpoints {
  let current = first;
  let listen: Parameters<Provider['start']>[0] = () => {};
  let running = { stop() {} };
  function provide(endpoints: readonly EndpointOptions[]): void {
    refuseTooMany(pool, endpoints, room);
    running.stop();
    running = createProvider({ type: 'static', endpoints }).start(listen);
    // Not before: endpoints that the membership refuses are not ours.
    current = endpoints;
  }
  return {
    provider: {
      start(listener) {
        listen = listener;
        provide(first);
        return { stop: () => running.stop() };
      },
    },
    current: () => current,
    replace: provide,
  };
}

/** Workers share memory of a fixed size, made when the pool was. */
function refuseTooMany(pool: string, { length }: readonly EndpointOptions[], room = Number.POSITIVE_INFINITY): void {
  if (length <= room) return;
  const message = `pool ${pool}: ${length} endpoints, and there is room for ${room} until the next start`;
  throw new EquipoiseError('config-invalid', message);
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
