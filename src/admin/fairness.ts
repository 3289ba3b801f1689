import type { RequestsWire } from './wire.ts';

/** One endpoint at a time, with what it got since the start. */
export interface FairnessSample {
  readonly id: string;
  /** It has a share: see `sharersOf`. */
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

/** A sample, and what came of all before it. */
interface Point extends FairnessSample {
  /** Samples in a row in which it was there, and in which it could serve; this one counts. */
  readonly present: number;
  readonly steady: number;
  /** Requests since the first of them, and the same by the weight that was in force. */
  readonly gained: number;
  readonly perWeight: number;
}

/**
 * How evenly the requests of a pool went to its endpoints lately. Each is measured by the weight that it had at the time: one that
 * grows in a slow start, or whose weight is changed, is no less fair for that.
 *
 * Source  Jain, Chiu and Hawe, "A quantitative measure of fairness and discrimination for resource allocation in shared
 *         computer systems", DEC TR-301, 1984: (Σx)² / (n Σx²).
 * Size    61 samples a pool.
 */
export class Fairness {
  readonly #samples = new Map<string, ReadonlyMap<string, Point>[]>();

  /** Once each `SAMPLE_EVERY_MS`, every pool; a pool that is missing is gone. */
  sample(pools: ReadonlyMap<string, readonly FairnessSample[]>): void {
    for (const name of this.#samples.keys()) if (!pools.has(name)) this.#samples.delete(name);
    for (const [name, endpoints] of pools) {
      const kept = this.#samples.get(name) ?? [];
      const before = kept.at(-1);
      kept.push(new Map(endpoints.map((each) => [each.id, pointOf(each, before?.get(each.id))])));
      if (kept.length > WINDOWS['5m'] + 1) kept.shift();
      this.#samples.set(name, kept);
    }
  }

  /** Over the window, or as long as there are samples. */
  of(pool: string, window: WindowName): PoolFairness | undefined {
    const kept = this.#samples.get(pool)?.slice(-WINDOWS[window] - 1);
    const [first, last] = [kept?.[0], kept?.at(-1)];
    if (kept === undefined || first === undefined || last === undefined || kept.length < 2) return undefined;
    const found = [...last.values()].map((each) => {
      // Who joined in between began at 0.
      const base = each.present >= kept.length ? first.get(each.id) : undefined;
      return {
        ...each,
        gained: each.gained - (base?.gained ?? 0),
        perWeight: each.perWeight - (base?.perWeight ?? 0),
      };
    });
    const total = found.reduce((sum, each) => sum + each.gained, 0);
    const weights = found.reduce((sum, each) => sum + (each.eligible ? each.weight : 0), 0);
    // Of who could not serve all the time it would be unfair to ask for its share.
    const jain = jainIndex(found.flatMap(({ steady, perWeight }) => (steady >= kept.length ? [perWeight] : [])));
    return {
      ...(jain !== undefined && { jain }),
      shares: found.map(({ id, eligible, weight, gained }) => ({
        id,
        share: total === 0 ? 0 : gained / total,
        wanted: eligible && weights > 0 ? weight / weights : 0,
      })),
    };
  }
}

/** An endpoint that joins begins here, also one whose id counted before. */
function pointOf(sample: FairnessSample, before: Point | undefined): Point {
  const steady = sample.eligible && sample.weight > 0 ? (before?.steady ?? 0) + 1 : 0;
  if (before === undefined) return { ...sample, present: 1, steady, gained: 0, perWeight: 0 };
  const gained = Math.max(0, sample.requests - before.requests);
  const weight = (sample.weight + before.weight) / 2;
  return {
    ...sample,
    ...{ present: before.present + 1, steady },
    gained: before.gained + gained,
    perWeight: before.perWeight + (weight === 0 ? 0 : gained / weight),
  };
}

/** Ids of those that have a share: they may be picked, and a backup where no other one may. */
export function sharersOf(
  endpoints: readonly { readonly id: string; readonly eligible: boolean; readonly backup: boolean }[],
): ReadonlySet<string> {
  const eligible = endpoints.filter((each) => each.eligible);
  const first = eligible.filter(({ backup }) => !backup);
  return new Set((first.length > 0 ? first : eligible).map(({ id }) => id));
}

/** Undefined where nobody has anything. */
export function jainIndex(values: readonly number[]): number | undefined {
  const sum = values.reduce((total, each) => total + each, 0);
  const squares = values.reduce((total, each) => total + each * each, 0);
  return squares === 0 ? undefined : (sum * sum) / (values.length * squares);
}

export const totalOf = (requests: RequestsWire): number => Object.values(requests).reduce((sum, each) => sum + each, 0);
