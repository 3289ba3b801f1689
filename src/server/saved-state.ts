import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { formatAddress } from '../config/addresses.ts';
import type { Config } from '../config/config.ts';
import { EndpointFile } from '../config/pool.ts';
import type { Membership } from '../control/membership/membership.ts';
import type { EndpointOptions } from '../control/pool-options.ts';
import type { PoolState } from './server.ts';

/** A setting, and what the configuration said when it was made: it holds for as long as that says the same. */
const Setting = <T extends z.ZodType>(value: T) => z.strictObject({ value, file: value });

const AnyMode = z.enum(['ready', 'draining', 'maintenance']);

const EndpointSettings = z.strictObject({
  mode: z.exactOptional(Setting(AnyMode)),
  weight: z.exactOptional(Setting(z.int().min(0).max(65_535))),
});

const PoolSettings = z.strictObject({
  /** By id. */
  endpoints: z.array(z.tuple([z.string(), EndpointSettings])),
  added: z.array(EndpointFile),
  /** As they were configured. */
  removed: z.array(EndpointFile),
});

/** What of the configuration people have changed at run time. Lists of pairs: names may be anything. */
export const SavedState = z.strictObject({
  /** Tells this file from any other. */
  equipoise: z.literal('state'),
  version: z.literal(1),
  pools: z.array(z.tuple([z.string(), PoolSettings])),
});

export type SavedState = z.output<typeof SavedState>;
type PoolSettings = z.output<typeof PoolSettings>;

/** What differs in `pools` from what `config` says. */
export function captureState(pools: readonly PoolState[], config: Pick<Config, 'pools'>): SavedState {
  const changed = pools.flatMap((pool): [string, PoolSettings][] => {
    const settings = captureSettings(pool, config.pools[pool.name]?.endpoints ?? []);
    return Object.values(settings).every((each) => each.length === 0) ? [] : [[pool.name, settings]];
  });
  return { equipoise: 'state', version: 1, pools: changed };
}

function captureSettings({ endpoints, listed }: PoolState, configured: readonly EndpointOptions[]): PoolSettings {
  const now = new Map(endpoints.map((each) => [each.id, each]));
  const settings = configured.flatMap(({ id, mode, weight }): PoolSettings['endpoints'] => {
    const state = now.get(id) ?? { mode, weight };
    const changed = {
      ...(state.mode !== mode && { mode: { value: state.mode, file: mode } }),
      ...(state.weight !== weight && { weight: { value: state.weight, file: weight } }),
    };
    return Object.keys(changed).length === 0 ? [] : [[id, changed]];
  });
  const { added, removed } = listChanges(configured, listed);
  const asNow = (each: EndpointOptions) => {
    const { mode, weight } = now.get(each.id) ?? each;
    return { ...each, mode, weight };
  };
  return { endpoints: settings, added: added.map(asNow), removed };
}

/** The same as text that `SavedState` reads again. */
export function formatState({ pools, ...rest }: SavedState): string {
  const written = (each: EndpointOptions) => ({ ...each, address: formatAddress(each.address) });
  const text = pools.map(([name, { endpoints, added, removed }]) => [
    name,
    { endpoints, added: added.map(written), removed: removed.map(written) },
  ]);
  return `${JSON.stringify({ ...rest, pools: text }, null, 2)}\n`;
}

/** A pool whose settings are to be restored, before it serves. */
interface RestorablePool {
  readonly name: string;
  readonly options: { readonly endpoints: readonly EndpointOptions[] };
  readonly membership: Pick<Membership, 'setMode' | 'setWeight'>;
  replaceEndpoints(endpoints: readonly EndpointOptions[]): void;
}

export interface Restored {
  readonly settings: number;
  /** What fits the configuration no more, and was left out. */
  readonly dropped: readonly string[];
}

/** Brings back what was saved. Where the configuration has changed since, it wins. */
export function restoreState(saved: SavedState, pools: ReadonlyMap<string, RestorablePool>): Restored {
  let settings = 0;
  const dropped: string[] = [];
  const take = (fits: boolean, what: string): boolean => {
    if (fits) settings++;
    else dropped.push(what);
    return fits;
  };
  for (const [name, { endpoints, added, removed }] of saved.pools) {
    const pool = pools.get(name);
    if (pool === undefined) {
      dropped.push(`pool ${name}`);
      continue;
    }
    const configured = new Map(pool.options.endpoints.map((each) => [each.id, each]));
    const gone = removed.filter((each) =>
      take(isDeepStrictEqual(configured.get(each.id), each), `pool ${name}: ${each.id} removed`),
    );
    const ids = new Set(gone.map((each) => each.id));
    const more = added.filter(({ id }) => take(ids.has(id) || !configured.has(id), `pool ${name}: ${id} added`));
    if (gone.length + more.length > 0) {
      try {
        pool.replaceEndpoints([...pool.options.endpoints.filter((each) => !ids.has(each.id)), ...more]);
      } catch (error) {
        // Whoever wrote that: it must not keep us from serving.
        dropped.push((error as Error).message);
        settings -= gone.length + more.length;
      }
    }
    for (const [id, { mode, weight }] of endpoints) {
      const file = configured.get(id);
      const reason = 'kept in the state file';
      if (mode && take(file?.mode === mode.file, `pool ${name}: ${id} mode ${mode.value}`)) {
        pool.membership.setMode(id, mode.value, reason);
      }
      if (weight && take(file?.weight === weight.file, `pool ${name}: ${id} weight ${weight.value}`)) {
        pool.membership.setWeight(id, weight.value, reason);
      }
    }
  }
  return { settings, dropped };
}

/** Endpoints that people added to those that are configured, and removed from them; one that they replaced is both. */
function listChanges(configured: readonly EndpointOptions[], listed: readonly EndpointOptions[]) {
  const [before, now] = [configured, listed].map((list) => new Map(list.map((each) => [each.id, each])));
  return {
    added: listed.filter((each) => !isDeepStrictEqual(before!.get(each.id), each)),
    removed: configured.filter((each) => !isDeepStrictEqual(now!.get(each.id), each)),
  };
}

/** What is listed after a reload: `after`, with the changes that people made to `before` as far as it does not contradict them. */
export function carryChanges(
  before: readonly EndpointOptions[],
  after: readonly EndpointOptions[],
  listed: readonly EndpointOptions[],
): readonly EndpointOptions[] {
  const { added, removed } = listChanges(before, listed);
  const gone = new Map(removed.map((each) => [each.id, each]));
  const kept = after.filter((each) => !isDeepStrictEqual(gone.get(each.id), each));
  const ids = new Set(kept.map((each) => each.id));
  return [...kept, ...added.filter((each) => !ids.has(each.id))];
}
