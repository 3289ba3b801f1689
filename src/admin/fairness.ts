import type { RequestsWire } from './wire.ts';

/** One endpoint at a time, with what it got since the start. */
export interface FairnessSample {
  readonly id: string;
  readonly eligible: boolean;
  /** In force. */
  readonly weight: number;
  readonly requests: number;
}

export interface PoolFairness {
  /**
   * Jain's index of requests per weight, over endpoints that could serve all the time: 1 when each had exactly its share, 1/n
   * when one had everything. Absent where nobody had a request, or nobody could serve all the time.
   */
  readonly jain?: number;
  readonly shares: readonly EndpointShare[];
}

export interface EndpointShare {
  readonly id: string;
  /** Of the pool's requests in the window, 0 to 1. */
  readonly share: number;
  /** Of the weights of endpoints that may be picked now. */
  readonly wanted: number;
}

/** Windows in samples: a minute and five, at a sample each 5 s. */
export const WINDOWS = { '1m': 12, '5m': 60 } as const;
export type WindowName = keyof typeof WINDOWS;
export const SAMPLE_EVERY_MS = 5000;

/**
 * How evenly the requests of a pool went to its endpoints lately.
 *
 * Source  Jain, Chiu and Hawe, "A quantitative measure of fairness and discrimination for resource allocation in shared
 *         computer systems", DEC TR-301, 1984: (Σx)² / (n Σx²).
 * Size    61 samples a pool.
 */
export class Fairness {
  readonly #samples = new Map<string, (readonly FairnessSample[])[]>();

  /** Once each `SAMPLE_EVERY_MS`, every pool; a pool that is missing is gone. */
  sample(pools: ReadonlyMap<string, readonly FairnessSample[]>): void {
    for (const name of this.#samples.keys()) if (!pools.has(name)) this.#samples.delete(name);
    for (const [name, endpoints] of pools) {
      const kept = this.#samples.get(name) ?? [];
      kept.push(endpoints);
      if (kept.length > WINDOWS['5m'] + 1) kept.shift();
      this.#samples.set(name, kept);
    }
  }

  /** Over the window, or as long as there are samples. */
  of(pool: string, window: WindowName): PoolFairness | undefined {
    const kept = this.#samples.get(pool)?.slice(-WINDOWS[window] - 1);
    const last = kept?.at(-1);
    if (kept === undefined || last === undefined || kept.length < 2) return undefined;
    const before = new Map(kept[0]!.map((each) => [each.id, each.requests]));
    const gained = last.map((each) => Math.max(0, each.requests - (before.get(each.id) ?? 0)));
    const total = gained.reduce((sum, each) => sum + each, 0);
    const weights = last.reduce((sum, each) => sum + (each.eligible ? each.weight : 0), 0);
    const steady = steadyIds(kept);
    const perWeight = last.flatMap(({ id, weight }, i) => (steady.has(id) ? [gained[i]! / weight] : []));
    const jain = jainIndex(perWeight);
    return {
      ...(jain !== undefined && { jain }),
      shares: last.map(({ id, eligible, weight }, i) => ({
        id,
        share: total === 0 ? 0 : gained[i]! / total,
        wanted: eligible && weights > 0 ? weight / weights : 0,
      })),
    };
  }
}

/** Who could serve in every sample; of others it would be unfair to ask for their share. */
function steadyIds(samples: readonly (readonly FairnessSample[])[]): ReadonlySet<string> {
  const could = (sample: readonly FairnessSample[]) =>
    new Set(sample.filter(({ eligible, weight }) => eligible && weight > 0).map(({ id }) => id));
  const [first, ...others] = samples.map(could);
  return new Set([...first!].filter((id) => others.every((each) => each.has(id))));
}

/** Undefined where nobody has anything. */
export function jainIndex(values: readonly number[]): number | undefined {
  const sum = values.reduce((total, each) => total + each, 0);
  const squares = values.reduce((total, each) => total + each * each, 0);
  return squares === 0 ? undefined : (sum * sum) / (values.length * squares);
}

export const totalOf = (requests: RequestsWire): number => Object.values(requests).reduce((sum, each) => sum + each, 0);
