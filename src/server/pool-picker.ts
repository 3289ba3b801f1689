import { isDeepStrictEqual } from 'node:util';
import { importCost } from '../config/cost.ts';
import { databaseOf, type Locate, openDatabase } from '../control/location/database.ts';
import type { MembershipUpdate } from '../control/membership/snapshot.ts';
import type { TrafficCounts } from '../control/membership/traffic-witness.ts';
import type { GuardEvent } from '../control/picker/guard-event.ts';
import { DECIDES, type GuardShare } from '../control/picker/guard-share.ts';
import { guardOptions } from '../control/picker/guards.ts';
import { Picker } from '../control/picker/picker.ts';
import { createServedMemory, ServedTally, trafficOf } from '../control/picker/served-counts.ts';
import type { PoolOptions } from '../control/pool-options.ts';
import type { Clock } from '../core/kernel/clock.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { Policy, PolicyDeps } from '../core/kernel/policy.ts';
import type { Rng } from '../core/kernel/rng.ts';
import { SharedInFlight } from '../core/load/shared-in-flight.ts';
import type { ProxyPool } from '../proxy/protocols/protocol.ts';
import { PoolGate } from '../proxy/upstream/pool-gate.ts';
import type { Counters } from '../telemetry/counters.ts';
import type { ServerHappening } from './events.ts';
import { type PolicySource, policyOf } from './own-policy.ts';
import type { PoolMemory } from './pool-memory.ts';

export interface PoolPickerDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly createPolicy: (options: { readonly type: string }, deps: PolicyDeps) => Policy;
  readonly counters: Counters;
  readonly emit: (what: ServerHappening) => void;
}

/** What workers share of a pool, and which of them this is. */
export interface PoolShare {
  readonly memory: PoolMemory;
  /** From 0; `DECIDES`: the main thread, which picks nothing. */
  readonly worker: number;
  /** The moment on this thread's clock at which the main thread's is 0. */
  readonly epochMs: number;
  /** In a worker: the main thread should look at the pool, not only at its next turn. */
  readonly onNews: () => void;
}

/** Of a pool that nobody shares; more endpoints than that are checked whatever they serve. */
const SLOTS_ALONE = 16_384;

/** A pool as one thread picks from it. */
export interface PoolPicker extends ProxyPool {
  /** The slots of the members, by their id. */
  readonly slots: ReadonlyMap<string, number>;
  /** How the picks of every worker ended. */
  readonly traffic: TrafficCounts;
  /** Takes the membership's next update. */
  apply(update: MembershipUpdate): void;
  /**
   * Makes ready for other options. What it resolves with puts them in force and answers the pool as it is from then on: the
   * same picker, which keeps what it learned as long as policy and guards are the same.
   *
   * Errors  rejects as `createPoolPicker` does; nothing has changed then.
   */
  prepare(options: PoolOptions): Promise<() => PoolPicker>;
}

/**
 * Makes the picker of a pool, which waits for its membership's first update.
 *
 * Errors  rejects with `config-invalid` when the policy's function or database cannot be had.
 */
export async function createPoolPicker(
  name: string,
  options: PoolOptions,
  deps: PoolPickerDeps,
  share?: PoolShare,
): Promise<PoolPicker> {
  const { clock, rng, emit } = deps;
  const source = await sourceOf(name, options, deps);
  const cost = await importCost(name, options.cost);
  const served = share?.memory.served ?? createServedMemory(SLOTS_ALONE, 1);
  const picker = new Picker({
    pool: name,
    createPolicy: source.create,
    ...{ clock, rng },
    ...(share?.worker !== DECIDES && { served: new ServedTally(served, share?.worker ?? 0) }),
    ...(share && sharedBy(share)),
    guards: guardOptions(options),
    onEvent: tellOnce((event) => emit({ kind: 'guard', ...event }), share),
  });
  const gate = new PoolGate(options, {
    ...{ clock, rng, onError: (error) => emit({ kind: 'exception', error }) },
    ...(share && { waiting: { words: share.memory.waiting, worker: share.worker } }),
  });
  const pool = { name, options, picker, gate, ...(cost && { cost }) };
  return follow(pool, source, deps, { slots: new Map(), traffic: trafficOf(served) });
}

/** The part of a picker that workers share. */
function sharedBy({ memory, worker, epochMs, onNews }: PoolShare) {
  const { counts, cursor, guards } = memory;
  const guardShare: GuardShare = { memory: guards, worker, epochMs, onRun: onNews };
  return { counts: new SharedInFlight(counts, worker === DECIDES ? counts.workers - 1 : worker), cursor, guardShare };
}

/** Every worker hears of a verdict; the main thread tells it. */
function tellOnce(tell: (event: GuardEvent) => void, share: PoolShare | undefined): (event: GuardEvent) => void {
  if (share === undefined || share.worker === DECIDES) return tell;
  return ({ what }) => {
    if (what === 'breaker') share.onNews();
  };
}

/** What outlives a reload. */
interface PoolRecords {
  readonly slots: Map<string, number>;
  readonly traffic: TrafficCounts;
}

function follow(pool: ProxyPool, source: PolicySource, deps: PoolPickerDeps, records: PoolRecords): PoolPicker {
  const { name, options, picker, gate } = pool;
  const { slots } = records;
  return {
    ...pool,
    ...records,
    apply(update) {
      picker.apply(update);
      if (update.kind === 'change') return;
      slots.clear();
      for (const { id, slot } of update.endpoints) slots.set(id, slot);
      // Before any request can reach an endpoint that took over a slot.
      for (const [id, slot] of slots) deps.counters.assign(name, slot, id);
    },
    async prepare(next) {
      const nextSource = await sourceOf(name, next, deps);
      const cost = await importCost(name, next.cost);
      return () => {
        const isSamePolicy = isDeepStrictEqual(next.policy, options.policy) && nextSource.choose === source.choose;
        if (!isSamePolicy) picker.replacePolicy(nextSource.create);
        const guards = guardOptions(next);
        if (!isDeepStrictEqual(guards, guardOptions(options))) picker.replaceGuards(guards);
        gate.configure(next);
        const configured = { name, options: next, picker, gate, ...(cost && { cost }) };
        return follow(configured, isSamePolicy ? source : nextSource, deps, records);
      };
    },
  };
}

async function sourceOf(
  name: string,
  options: PoolOptions,
  { createPolicy, emit }: PoolPickerDeps,
): Promise<PolicySource> {
  const locate = locateOf(name, options);
  const create: typeof createPolicy = (policy, deps) => createPolicy(policy, { ...deps, ...(locate && { locate }) });
  return policyOf(name, options, create, ({ reason }) => emit({ kind: 'policy', pool: name, reason }));
}

/** Where clients are, by the database that the pool's policy names. */
function locateOf(name: string, { policy }: PoolOptions): Locate | undefined {
  const path = databaseOf(policy);
  if (path === undefined) return undefined;
  const database = openDatabase(path);
  if ('locate' in database) return database.locate;
  throw new EquipoiseError('config-invalid', `pool ${name}: ${database.problem}; ${database.fix}`);
}
