/** What is drawn of a list, in its order, and what is told as one. */
export interface Folded<T> {
  readonly shown: readonly T[];
  readonly rest: readonly T[];
}

/**
 * How many of each list are drawn so that all together are at most `room`: short lists whole, long ones to the same number, never
 * below `least`.
 */
export function limitFor(sizes: readonly number[], room: number, least: number): number {
  const drawn = (limit: number) => sizes.reduce((sum, size) => sum + Math.min(size, limit), 0);
  let limit = Math.max(least, ...sizes);
  while (limit > least && drawn(limit) > room) limit--;
  return limit;
}

/** The `limit` − 1 items of highest rank, and the rest; all of them where they are no more than `limit`. */
export function fold<T>(items: readonly T[], limit: number, rankOf: (item: T) => number): Folded<T> {
  if (items.length <= limit) return { shown: items, rest: [] };
  const ranks = new Map(items.map((item) => [item, rankOf(item)]));
  const chosen = new Set(items.toSorted((a, b) => ranks.get(b)! - ranks.get(a)!).slice(0, limit - 1));
  return { shown: items.filter((each) => chosen.has(each)), rest: items.filter((each) => !chosen.has(each)) };
}

/** Grows by 1 when the traffic doubles: those that are nearly alike keep their order, so that the choice seldom changes. */
export const rankOfTraffic = (requests: number): number => Math.floor(Math.log2(requests + 1));
