/**
 * What a pick and its outcome cost, for every registered policy: nanoseconds, and bytes allocated.
 *
 *   bun bench/pick.ts [--json] [--endpoints 10,1000,100000] [--policy TYPE]
 *
 * 64 picks are in flight at any time; the keys are those of 1024 clients; every endpoint answers in 1 to 50 ms. Times are
 * the best of three, the collector's work included. Bytes: how many picks pass before the collector runs, against a loop
 * that allocates objects of known size; 0 means that it did not run in as many picks as 8 bytes each would need, – that
 * picks are too slow to try so many.
 */

import { estimateShallowMemoryUsageOf, fullGC } from 'bun:jsc';
import { parseArgs } from 'node:util';
import type { Endpoint } from '../src/core/kernel/endpoint.ts';
import { createPickRequest } from '../src/core/kernel/policy.ts';
import { createRng } from '../src/core/kernel/rng.ts';
import { InFlightCounts } from '../src/core/load/in-flight.ts';
import { createPolicy, policies } from '../src/core/policies/registry.ts';

interface Row {
  readonly policy: string;
  readonly endpoints: number;
  /** One `update` with all endpoints, milliseconds. */
  readonly buildMs: number;
  readonly nsPerPick: number;
  /** null: not measurable in the time given to it. */
  readonly bytesPerPick: number | null;
}

const IN_FLIGHT = 64;
const CLIENTS = 1024;
const SAMPLE_MS = 80;
const BYTES_MS = 3000;
/** Nothing on the heap is smaller. */
const LEAST_BYTES = 8;
const CHUNKS = 200;

/** A loop of `count` picks, each with the outcome of the pick 64 before it. */
function pickLoop(type: string, size: number): { buildMs: number; run: (count: number) => void } {
  const rng = createRng(1);
  const inFlight = new InFlightCounts();
  const policy = createPolicy(type, { rng, clock: { now: () => performance.now() }, inFlight });
  const started = performance.now();
  policy.update(Array.from({ length: size }, (_, slot): Endpoint => ({ slot, id: `10.0.0.${slot}:80`, weight: 1 })));
  const buildMs = performance.now() - started;
  const requests = Array.from({ length: CLIENTS }, (_, i) => ({
    ...createPickRequest(),
    clientIp: `192.168.${i >> 8}.${i & 255}`,
  }));
  const underWay = new Int32Array(IN_FLIGHT).fill(-1);
  const outcome = { ok: true, latencyMs: 0 };
  let at = 0;
  function run(count: number): void {
    for (let i = 0; i < count; i++, at = (at + 1) % CLIENTS) {
      const ended = underWay[at % IN_FLIGHT]!;
      if (ended >= 0) {
        inFlight.finish(ended);
        outcome.latencyMs = 1 + (ended % 50);
        policy.done(ended, outcome);
      }
      const slot = policy.pick(requests[at]!, null);
      inFlight.start(slot);
      underWay[at % IN_FLIGHT] = slot;
    }
  }
  return { buildMs, run };
}

/** Nanoseconds for one of a loop; the loop grows until it takes `SAMPLE_MS`. */
function nsPerPick(run: (count: number) => void): number {
  let count = 100;
  for (let tookMs = timed(run, count); tookMs < SAMPLE_MS / 4; tookMs = timed(run, count)) count *= 2;
  const samples = [0, 1, 2].map(() => timed(run, count * 4));
  return (Math.min(...samples) * 1e6) / (count * 4);
}

function timed(run: (count: number) => void, count: number): number {
  const started = performance.now();
  run(count);
  return performance.now() - started;
}

/** How many calls pass before the collector runs, at most `most`; undefined when it did not. */
async function callsToCollection(run: (count: number) => void, most: number): Promise<number | undefined> {
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

async function bytesPerPick(run: (count: number) => void, ns: number): Promise<number | null> {
  const budget = await bytesToCollection();
  const enough = (2 * budget) / LEAST_BYTES;
  const most = Math.min(enough, Math.ceil((BYTES_MS * 1e6) / ns));
  let longest = 0;
  for (let round = 0; round < 2; round++) {
    const picks = await callsToCollection(run, most);
    if (picks === undefined) return most < enough ? null : 0;
    longest = Math.max(longest, picks);
  }
  return budget / longest;
}

/** What is allocated before the collector runs; the most of three, because it also runs for reasons of its own. */
async function bytesToCollection(): Promise<number> {
  const kept: unknown[] = new Array(IN_FLIGHT).fill(0);
  const allocate = (count: number) => {
    for (let i = 0; i < count; i++) kept[i % IN_FLIGHT] = { i };
  };
  allocate(10_000);
  let most = 0;
  for (let round = 0; round < 3; round++) most = Math.max(most, (await callsToCollection(allocate, 4_000_000)) ?? 0);
  if (most === 0) throw new Error('the collector never runs: bytes cannot be measured');
  return most * estimateShallowMemoryUsageOf(kept[0] as object);
}

async function measure(policy: string, endpoints: number): Promise<Row> {
  const { buildMs, run } = pickLoop(policy, endpoints);
  const ns = nsPerPick(run);
  return { policy, endpoints, buildMs, nsPerPick: ns, bytesPerPick: await bytesPerPick(run, ns) };
}

function printTable(rows: readonly Row[], sizes: readonly number[]): void {
  const short = (value: number) => (value >= 10_000 ? `${(value / 1000).toFixed(0)}k` : value.toFixed(0));
  const cell = (value: number | null) => (value === null ? '–' : short(value)).padStart(9);
  console.log(`Bun ${Bun.version} · ns per pick and outcome, bytes per pick, ms to build, at each number of endpoints`);
  const heads = sizes.map((size) => size.toLocaleString('en').padStart(9)).join('');
  console.log(`${'policy'.padEnd(22)}${'ns'.padStart(3)}${heads}   bytes${heads}   build${heads}`);
  for (const policy of new Set(rows.map((row) => row.policy))) {
    const own = rows.filter((row) => row.policy === policy);
    const cells = (of: (row: Row) => number | null) => own.map((row) => cell(of(row))).join('');
    const ns = cells((row) => row.nsPerPick);
    const bytes = cells((row) => row.bytesPerPick);
    console.log(`${policy.padEnd(25)}${ns}        ${bytes}        ${cells((row) => row.buildMs)}`);
  }
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    endpoints: { type: 'string', default: '10,1000,100000' },
    policy: { type: 'string', multiple: true, default: [...policies.types] },
  },
});
const sizes = values.endpoints.split(',').map(Number);
const rows: Row[] = [];
for (const policy of values.policy) for (const size of sizes) rows.push(await measure(policy, size));
if (values.json) console.log(JSON.stringify({ bun: Bun.version, rows }, null, 2));
else printTable(rows, sizes);
