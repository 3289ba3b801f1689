/** How many latencies fell into the step `first` and those after it. */
export interface Steps {
  readonly first: number;
  readonly counts: readonly number[];
}

export const NO_STEPS: Steps = { first: 0, counts: [] };

/** What was added from `before` to `after`, which counts on. */
export function addedSteps(after: Steps, before: Steps): Steps {
  const counts = after.counts.map((count, i) =>
    Math.max(0, count - (before.counts[after.first + i - before.first] ?? 0)),
  );
  return { first: after.first, counts };
}

export function sumSteps(all: readonly Steps[]): Steps {
  const filled = all.filter(({ counts }) => counts.length > 0);
  if (filled.length === 0) return NO_STEPS;
  const first = Math.min(...filled.map((each) => each.first));
  const end = Math.max(...filled.map((each) => each.first + each.counts.length));
  const counts = new Array<number>(end - first).fill(0);
  for (const each of filled) for (const [i, count] of each.counts.entries()) counts[each.first - first + i]! += count;
  return { first, counts };
}

/**
 * The latency that the share `q` (0..1) does not exceed, in milliseconds; values are taken as evenly spread within their
 * step. Null without any. `bounds`: where each step begins, and where the last one ends.
 */
export function quantile({ first, counts }: Steps, bounds: readonly number[], q: number): number | null {
  const total = counts.reduce((sum, each) => sum + each, 0);
  if (total === 0) return null;
  const rank = q * total;
  let seen = 0;
  for (const [i, count] of counts.entries()) {
    if (count > 0 && seen + count >= rank) {
      const [from, to] = [bounds[first + i]!, bounds[first + i + 1]!];
      return from + ((to - from) * (rank - seen)) / count;
    }
    seen += count;
  }
  return bounds[first + counts.length] ?? null;
}
