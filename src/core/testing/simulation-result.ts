/** What happened to each request of a simulation, in the order of arrival. */
export interface RequestLog {
  readonly count: number;
  readonly arrivedMs: Float64Array;
  /** −1 where no endpoint was found. */
  readonly slots: Int32Array;
  /** From arrival to answer. */
  readonly latenciesMs: Float64Array;
  /** 1 where the request failed. */
  readonly failed: Uint8Array;
}

/** Latencies are those of requests that succeeded, milliseconds from arrival to answer. NaN where none did. */
export interface SimulationResult {
  readonly requests: number;
  /** Requests that an endpoint failed, or for which none was found. */
  readonly failures: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** The part of the requests that arrived in [fromMs, toMs) and were sent to `slot`, 0..1; by default of all. */
  share(slot: number, fromMs?: number, toMs?: number): number;
  /** The same figures of the requests that arrived in [fromMs, toMs) alone. */
  between(fromMs: number, toMs: number): SimulationResult;
}

export function summarize(log: RequestLog, fromMs = 0, toMs = Number.POSITIVE_INFINITY): SimulationResult {
  const first = indexAt(log, fromMs);
  const end = indexAt(log, toMs);
  const sorted = succeededIn(log, first, end).sort();
  const percentile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return {
    requests: end - first,
    failures: end - first - sorted.length,
    meanMs: sorted.reduce((sum, each) => sum + each, 0) / sorted.length,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    p999Ms: percentile(0.999),
    maxMs: percentile(1),
    share: (slot, from = fromMs, to = toMs) => shareOf(log, slot, indexAt(log, from), indexAt(log, to)),
    between: (from, to) => summarize(log, from, to),
  };
}

function succeededIn(log: RequestLog, first: number, end: number): Float64Array {
  const latencies = new Float64Array(end - first);
  let count = 0;
  for (let i = first; i < end; i++) if (log.failed[i] === 0) latencies[count++] = log.latenciesMs[i]!;
  return latencies.subarray(0, count);
}

function shareOf(log: RequestLog, slot: number, first: number, end: number): number {
  let count = 0;
  for (let i = first; i < end; i++) if (log.slots[i] === slot) count++;
  return end > first ? count / (end - first) : 0;
}

/** How many requests arrived before `atMs`. */
function indexAt({ count, arrivedMs }: RequestLog, atMs: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (arrivedMs[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
