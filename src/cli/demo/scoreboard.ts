import type { RunningServer } from '../../server/server.ts';
import type { EndpointCounts } from '../../telemetry/pool-counters.ts';
import type { Traffic } from './traffic.ts';
import type { DemoFrame, EndpointRow } from './view.ts';

export interface ScoreboardOptions {
  readonly server: RunningServer;
  readonly traffic: Traffic;
  readonly listener: string;
  readonly pool: string;
  readonly url: string;
  readonly adminUrl: string | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const EVENTS_SHOWN = 3;

/** Turns counters into frames; each one tells what happened since the last. */
export function createScoreboard({ server, traffic, listener, pool, url, adminUrl, now }: ScoreboardOptions) {
  const startedAt = now();
  const news: string[] = [];
  let lastAt = startedAt;
  let lastEnded = 0;
  let lastCounts = new Map<string, number>();

  server.events.subscribe((event) => {
    if (event.kind !== 'membership' || event.what !== 'health' || event.from === 'unknown') return;
    const seconds = ((now() - startedAt) / 1000).toFixed(1);
    news.push(`${seconds.padStart(5)} s  ${event.endpoint} is ${event.to}: ${event.reason}`);
    if (news.length > EVENTS_SHOWN) news.shift();
  });

  function rows(counts: ReadonlyMap<string, EndpointCounts>, seconds: number): EndpointRow[] {
    const totals = new Map([...counts].map(([id, each]) => [id, total(each)]));
    const rises = new Map([...totals].map(([id, count]) => [id, count - (lastCounts.get(id) ?? 0)]));
    const all = Math.max(
      1,
      [...rises.values()].reduce((sum, each) => sum + each, 0),
    );
    lastCounts = totals;
    const { endpoints } = server.pools().find((each) => each.name === pool)!;
    return endpoints.map(({ id, health, inFlight }) => {
      const rise = rises.get(id) ?? 0;
      return { id, health, inFlight, requests: totals.get(id) ?? 0, perSecond: rise / seconds, share: rise / all };
    });
  }

  /** Starts a new second. */
  async function next(): Promise<DemoFrame> {
    const counts = (await server.collect()).pool(listener, pool).endpoints();
    const at = now();
    const seconds = Math.max(0.001, (at - lastAt) / 1000);
    const frame = {
      url,
      adminUrl,
      policy: server.pools().find((each) => each.name === pool)!.policy,
      elapsedMs: at - startedAt,
      requests: traffic.ended,
      perSecond: (traffic.ended - lastEnded) / seconds,
      p50Ms: traffic.recent.quantile(0.5),
      p99Ms: traffic.recent.quantile(0.99),
      errors: traffic.errors,
      retries: [...counts.values()].reduce((sum, each) => sum + each.retried, 0),
      endpoints: rows(counts, seconds),
      events: [...news],
    };
    lastAt = at;
    lastEnded = traffic.ended;
    traffic.startSecond();
    return frame;
  }

  return { next };
}

function total({ requests }: EndpointCounts): number {
  return Object.values(requests).reduce((sum, each) => sum + each, 0);
}
