import { createScheduler } from '../control/membership/scheduler.ts';
import { type VitalsWatch, watchVitals } from '../server/vitals.ts';
import type { PrometheusText } from '../telemetry/prometheus.ts';
import {
  Fairness,
  type FairnessSample,
  SAMPLE_EVERY_MS,
  sharersOf,
  totalOf,
  WINDOWS,
  type WindowName,
} from './fairness.ts';
import type { AdminDeps } from './operation.ts';
import { describePools } from './pool-state.ts';
import type { EndpointWire } from './wire.ts';

/** What the admin server watches by itself, between one scrape and the next. */
export interface Meters {
  readonly fairness: Fairness;
  /** Configurations that were put in force, or refused, since the start. */
  readonly reloads: { readonly applied: number; readonly refused: number };
  /** Workers that died since the start; how often one was found stuck, which then died as well. */
  readonly workerFailures: { readonly died: number; readonly stuck: number };
  /** Of the thread that serves nobody, or everybody where there is one. */
  readonly mainThread: VitalsWatch;
  close(): void;
}

export function startMeters({ server, events, now }: AdminDeps): Meters {
  const scheduler = createScheduler();
  const fairness = new Fairness();
  const reloads = { applied: 0, refused: 0 };
  const workerFailures = { died: 0, stuck: 0 };
  const unsubscribe = events.subscribe(({ kind }) => {
    if (kind === 'reloaded') reloads.applied++;
    if (kind === 'reload-refused') reloads.refused++;
    if (kind === 'worker-died') workerFailures.died++;
    if (kind === 'worker-stuck') workerFailures.stuck++;
  });
  const mainThread = watchVitals(scheduler, { now });
  let timer = scheduler.after(SAMPLE_EVERY_MS, sample);

  function sample(): void {
    timer = scheduler.after(SAMPLE_EVERY_MS, sample);
    const running = server();
    if (running === undefined || running.state() === 'closed') return;
    void describePools(running, now).then((pools) => {
      fairness.sample(new Map(pools.map(({ name, endpoints }) => [name, samplesOf(endpoints)])));
    });
  }

  return {
    ...{ fairness, reloads, workerFailures, mainThread },
    close() {
      unsubscribe();
      mainThread.close();
      timer.cancel();
    },
  };
}

function samplesOf(endpoints: readonly EndpointWire[]): FairnessSample[] {
  const sharers = sharersOf(endpoints);
  return endpoints.map(({ id, weight, requests }) => ({
    ...{ id, weight: weight.effective, requests: totalOf(requests), eligible: sharers.has(id) },
  }));
}

export function writeMeters(to: PrometheusText, meters: Meters, deps: AdminDeps): void {
  const { fairness, reloads, workerFailures, mainThread } = meters;
  to.family('equipoise_reloads_total', 'counter', 'Configurations that came while running, by what became of them.');
  for (const [result, count] of Object.entries(reloads)) to.sample(count, { result });
  const workers = deps.server()?.workers() ?? [];
  to.family('equipoise_workers', 'gauge', 'Threads that serve.');
  to.sample(workers.filter((each) => each.isServing).length);
  to.family('equipoise_worker_failures_total', 'counter', 'Workers that died, and how often one was found stuck.');
  for (const [what, count] of Object.entries(workerFailures)) to.sample(count, { what });
  const main = workers.length > 1 ? [['main', mainThread.read()] as const] : [];
  const threads = [
    ...workers.flatMap(({ worker, vitals }) => (vitals ? [[`${worker}`, vitals] as const] : [])),
    ...main,
  ];
  to.family('equipoise_event_loop_lag_seconds', 'gauge', 'By how much a timer was late at most, lately.');
  for (const [worker, { lagMs }] of threads) to.sample(lagMs / 1000, { worker });
  to.family('equipoise_heap_bytes', 'gauge', 'JavaScript heap of the thread in use.');
  for (const [worker, { heapBytes }] of threads) to.sample(heapBytes, { worker });
  writeFairness(
    to,
    fairness,
    deps
      .server()
      ?.pools()
      .map(({ name }) => name) ?? [],
  );
}

function writeFairness(to: PrometheusText, fairness: Fairness, pools: readonly string[]): void {
  const windows = Object.keys(WINDOWS) as WindowName[];
  const all = pools.flatMap((pool) =>
    windows.flatMap((window) => {
      const found = fairness.of(pool, window);
      return found === undefined ? [] : [{ pool, window, ...found }];
    }),
  );
  to.family('equipoise_pool_fairness', 'gauge', "Jain's index of requests per weight: 1 is exactly by weight.");
  for (const { pool, window, jain } of all) if (jain !== undefined) to.sample(jain, { pool, window });
  to.family('equipoise_endpoint_share', 'gauge', 'Part of the requests of its pool, 0 to 1.');
  for (const { pool, window, shares } of all) {
    for (const { id, share } of shares) to.sample(share, { pool, endpoint: id, window });
  }
  to.family('equipoise_endpoint_share_wanted', 'gauge', 'Part that its weight in force asks for; 0: not eligible.');
  for (const { pool, window, shares } of all) {
    if (window === '1m') for (const { id, wanted } of shares) to.sample(wanted, { pool, endpoint: id });
  }
}
