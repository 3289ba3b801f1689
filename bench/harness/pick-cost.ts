/** What one turn of a loop costs: nanoseconds, and bytes allocated. */
import { estimateShallowMemoryUsageOf, fullGC } from 'bun:jsc';

/** A loop of `count` turns. */
export type Loop = (count: number) => unknown;

const SAMPLE_MS = 80;
const BYTES_MS = 1000;
/** Nothing on the heap is smaller. */
const LEAST_BYTES = 8;
const CHUNKS = 200;
const ROUNDS = 7;

/** Nanoseconds a turn, the best of three; the loop grows until it takes `SAMPLE_MS`. */
export function nsPerTurn(run: Loop): number {
  let count = 100;
  for (let tookMs = timed(run, count); tookMs < SAMPLE_MS / 4; tookMs = timed(run, count)) count *= 2;
  const samples = [0, 1, 2].map(() => timed(run, count * 4));
  return (Math.min(...samples) * 1e6) / (count * 4);
}

function timed(run: Loop, count: number): number {
  const started = performance.now();
  run(count);
  return performance.now() - started;
}

/**
 * CPU nanoseconds a turn of each loop, in turn and the median of seven: user time of this process, the compiler's and the
 * collector's threads included. A machine that others use as well lengthens it less than the time by the clock.
 */
export function cpuNsPerTurn(loops: readonly Loop[]): number[] {
  const counts = loops.map((run) => {
    let count = 1000;
    for (let tookMs = cpuMs(run, count); tookMs < SAMPLE_MS / 4; tookMs = cpuMs(run, count)) count *= 2;
    cpuMs(run, count * 4);
    return count * 4;
  });
  const rounds = Array.from({ length: ROUNDS }, () => loops.map((run, i) => cpuMs(run, counts[i]!) / counts[i]!));
  return loops.map((_, i) => rounds.map((round) => round[i]!).sort((a, b) => a - b)[ROUNDS >> 1]! * 1e6);
}

function cpuMs(run: Loop, count: number): number {
  const before = process.cpuUsage().user;
  run(count);
  return (process.cpuUsage().user - before) / 1000;
}

/**
 * 0: the collector did not run in as many turns as 8 bytes each would need. Where they would take longer than `proofMs`, a
 * sample of `BYTES_MS` shows what it can: null when that is nothing.
 */
export async function bytesPerTurn(run: Loop, ns: number, proofMs: number): Promise<number | null> {
  const budget = await bytesToCollection();
  const enough = (2 * budget) / LEAST_BYTES;
  const most = ns * enough <= proofMs * 1e6 ? enough : Math.ceil((BYTES_MS * 1e6) / ns);
  let longest = 0;
  for (let round = 0; round < 2; round++) {
    const turns = await turnsToCollection(run, most);
    if (turns === undefined) return most < enough ? null : 0;
    longest = Math.max(longest, turns);
  }
  return budget / longest;
}

/** What is allocated before the collector runs; the most of three, because it also runs for reasons of its own. */
async function bytesToCollection(): Promise<number> {
  const kept: unknown[] = new Array(64).fill(0);
  const allocate = (count: number) => {
    for (let i = 0; i < count; i++) kept[i % kept.length] = { i };
  };
  allocate(10_000);
  let most = 0;
  for (let round = 0; round < 3; round++) most = Math.max(most, (await turnsToCollection(allocate, 4_000_000)) ?? 0);
  if (most === 0) throw new Error('the collector never runs: bytes cannot be measured');
  return most * estimateShallowMemoryUsageOf(kept[0] as object);
}

/** How many turns pass before the collector runs, at most `most`; undefined when it did not. */
async function turnsToCollection(run: Loop, most: number): Promise<number | undefined> {
  const references = await freshReferences();
  const chunk = Math.ceil(most / CHUNKS);
  for (let chunks = 0; chunks < CHUNKS; chunks++) {
    run(chunk);
    if (isCollected(references[chunks]!)) return (chunks + 1) * chunk;
  }
  return undefined;
}

/**
 * Objects that only the collector's next run takes. A WeakRef holds its object until the job ends that made it or that
 * last looked: so they are made in an earlier job, and each chunk looks at its own.
 */
async function freshReferences(): Promise<WeakRef<object>[][]> {
  for (;;) {
    fullGC();
    const references = Array.from({ length: CHUNKS + 1 }, () => [0, 1, 2, 3].map((i) => new WeakRef({ i })));
    await new Promise((resolve) => setImmediate(resolve));
    // The collector may have run between the two jobs.
    if (!isCollected(references.pop()!)) return references;
  }
}

function isCollected(references: readonly WeakRef<object>[]): boolean {
  return references.some((reference) => reference.deref() === undefined);
}
