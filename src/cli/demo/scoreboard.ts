import type { RunningServer } from '../../server/server.ts';
import type { EndpointCounts } from '../../telemetry/pool-counters.ts';
import type { News } from './news.ts';
import type { Traffic } from './traffic.ts';
import type { DemoFrame, EndpointRow } from './view.ts';

export interface ScoreboardOptions {
  readonly server: RunningServer;
  readonly traffic: Traffic;
  readonly news: News;
  readonly listener: string;
  readonly pool: string;
  readonly url: string;
  readonly adminUrl: string | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Turns counters into frames; each one tells what happened since the last. */
export function createScoreboard({ server, traffic, news, listener, pool, url, adminUrl, now }: ScoreboardOptions) {
  const startedAt = now();
  let lastAt = startedAt;
  let lastEnded = 0;
  let lastCounts = new Map<string, number>();

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
      const state = news.ejected.has(id) && health !== 'down' ? 'ejected' : health;
      return { id, state, inFlight, requests: totals.get(id) ?? 0, perSecond: rise / seconds, share: rise / all };
    });
  }

  /** Starts a new second. */
  async function next(): Promise<DemoFrame> {
    const counts = (await server.collect()).pool(listener, pool).endpoints();
    const at = now();
    const seconds = Math.max(0.001, (at - lastAt) / 1000);
    const endpoints = rows(counts, seconds);
    news.look(new Map(endpoints.map(({ id, share }) => [id, share])));
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
      endpoints,
      events: [...news.lines],
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
