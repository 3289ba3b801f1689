import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import type { PoolOptions } from '../control/pool-options.ts';
import type { ServedPool } from './pools.ts';

/** What another configuration came to. */
export interface Reloaded {
  /** `pool api: changed`, `listener web: added`; empty when nothing differs. */
  readonly changes: readonly string[];
  /** Keys whose change takes a restart; what they were before is still in force. */
  readonly needsRestart: readonly string[];
}

/** Other pools, made ready but not in force. */
export interface PoolsPlan {
  /** Puts them in force: new ones, other options, and those that are gone. */
  apply(): void;
  /** Nothing of it happens. */
  discard(): void;
}

/**
 * Starts new pools and prepares other options. `apply` changes `pools`, `discard` leaves it as it was.
 *
 * Errors  rejects with `config-invalid` or what a pool's start throws; nothing has changed then.
 */
export async function planPools(
  pools: Map<string, ServedPool>,
  next: Config['pools'],
  start: (name: string, options: PoolOptions) => Promise<ServedPool>,
): Promise<PoolsPlan> {
  const added: string[] = [];
  const prepared: (() => ServedPool)[] = [];
  function discard(): void {
    for (const name of added) {
      pools.get(name)!.membership.close();
      pools.delete(name);
    }
  }
  try {
    for (const [name, options] of Object.entries(next)) {
      const known = pools.get(name);
      if (known !== undefined) prepared.push(await known.prepare(options));
      else {
        // At once: workers follow its membership before they serve it.
        pools.set(name, await start(name, options));
        added.push(name);
      }
    }
  } catch (error) {
    discard();
    throw error;
  }
  return {
    discard,
    apply() {
      for (const apply of prepared) {
        const pool = apply();
        pools.set(pool.name, pool);
      }
      for (const [name, { membership }] of pools) {
        if (next[name] !== undefined) continue;
        membership.close();
        pools.delete(name);
      }
    },
  };
}

const RESTART = ['workers', 'admin', 'stateFile'] as const;

/** `next` as far as it can take force in a running program. */
export function withoutRestart(current: Config, next: Config): { config: Config; needsRestart: readonly string[] } {
  const needsRestart = RESTART.filter((key) => !isDeepStrictEqual(current[key], next[key]));
  const { admin: _, stateFile: __, ...rest } = next;
  const { admin, stateFile, workers } = current;
  const kept = {
    workers,
    ...(admin !== undefined && { admin }),
    ...(stateFile !== undefined && { stateFile }),
  };
  return { config: { ...rest, ...kept }, needsRestart };
}

/** In the order of the configuration, what is gone last. */
export function changesOf(before: Config, after: Config): string[] {
  const sections = [
    ['listener', before.listeners, after.listeners],
    ['pool', before.pools, after.pools],
  ] as const;
  const changes = sections.flatMap(([what, old, fresh]) => [
    ...Object.keys(fresh).flatMap((name) => {
      if (!Object.hasOwn(old, name)) return [`${what} ${name}: added`];
      return isDeepStrictEqual(old[name], fresh[name]) ? [] : [`${what} ${name}: changed`];
    }),
    ...Object.keys(old)
      .filter((name) => !Object.hasOwn(fresh, name))
      .map((name) => `${what} ${name}: removed`),
  ]);
  const { listeners: _, pools: __, ...others } = after;
  const keys = Object.keys({ ...before, ...others }) as (keyof Config)[];
  const rest = keys.filter((key) => key !== 'listeners' && key !== 'pools');
  return [
    ...rest.filter((key) => !isDeepStrictEqual(before[key], after[key])).map((key) => `${key}: changed`),
    ...changes,
  ];
}
