import { createProvider } from '../control/discovery/registry.ts';
import type { Resolver } from '../control/discovery/resolver.ts';
import { createProbe } from '../control/health/registry.ts';
import { databaseOf, type Locate, openDatabase } from '../control/location/database.ts';
import { createMembership, type Membership, type MembershipEvent } from '../control/membership/membership.ts';
import type { Scheduler } from '../control/membership/scheduler.ts';
import type { GuardEvent } from '../control/picker/guard-event.ts';
import { guardOptions } from '../control/picker/guards.ts';
import { Picker } from '../control/picker/picker.ts';
import type { PoolOptions } from '../control/pool-options.ts';
import type { Clock } from '../core/kernel/clock.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { Policy, PolicyDeps } from '../core/kernel/policy.ts';
import type { Rng } from '../core/kernel/rng.ts';
import type { ProxyPool } from '../proxy/protocols/protocol.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { Transport } from '../transport/transport.ts';

export interface PoolDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly scheduler: Scheduler;
  readonly resolver: Resolver;
  readonly transport: Transport;
  readonly createPolicy: (options: { readonly type: string }, deps: PolicyDeps) => Policy;
  readonly counters: Counters;
  readonly onEvent: (event: MembershipEvent) => void;
  readonly onGuardEvent: (event: GuardEvent) => void;
}

/** A pool at work: its membership, and the picker that follows it. */
export interface ServedPool extends ProxyPool {
  readonly membership: Membership;
  /** The slots of the members, by their id. */
  readonly slots: ReadonlyMap<string, number>;
}

/** Throws what `createPolicy`, `createProbe` and `createMembership` throw; then nothing was started. */
export function startPool(name: string, options: PoolOptions, deps: PoolDeps): ServedPool {
  const { clock, rng, scheduler, resolver, transport, onEvent } = deps;
  const createPolicy = (policyDeps: PolicyDeps) => deps.createPolicy(options.policy, policyDeps);
  const locate = locateOf(name, options);
  const picker = new Picker({
    ...{ pool: name, createPolicy, clock, rng },
    ...(locate !== undefined && { locate }),
    guards: guardOptions(options),
    onEvent: deps.onGuardEvent,
  });
  const { endpoints, health } = options;
  const checks = health && { options: health, probe: createProbe(health, { scheduler, transport }), scheduler };
  const membership = createMembership({
    pool: name,
    endpoints,
    clock,
    rng,
    resolver,
    provider: createProvider({ type: 'static', endpoints }),
    onEvent,
    isSlotInUse: (slot) => picker.requestsOf(slot) > 0,
    ...(checks !== undefined && { checks }),
  });
  const slots = new Map<string, number>();
  membership.subscribe((update) => {
    picker.apply(update);
    if (update.kind === 'change') return;
    findSlots(picker, update.endpoints.length, slots);
    // Before any request can reach an endpoint that took over a slot.
    for (const [id, slot] of slots) deps.counters.assign(name, slot, id);
  });
  return { name, options, picker, membership, slots };
}

/** Where clients are, by the database that the pool's policy names. */
function locateOf(name: string, { policy }: PoolOptions): Locate | undefined {
  const path = databaseOf(policy);
  if (path === undefined) return undefined;
  const database = openDatabase(path);
  if ('locate' in database) return database.locate;
  throw new EquipoiseError('config-invalid', `pool ${name}: ${database.problem}; ${database.fix}`);
}

function findSlots(picker: Picker, members: number, slots: Map<string, number>): void {
  slots.clear();
  for (let slot = 0; slots.size < members; slot++) {
    if (picker.isMember(slot)) slots.set(picker.endpoint(slot).id, slot);
  }
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
