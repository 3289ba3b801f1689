import { count, milliseconds, percent, rate } from '../data/numbers.ts';
import type { Page } from '../data/store.ts';
import { ALL } from '../data/totals.ts';

/** The few numbers that say whether all is well, to be read from across the room. */
export function Summary({ overview, history }: Page) {
  if (overview === undefined) return null;
  const now = history.now(ALL);
  const endpoints = overview.pools.flatMap((pool) => pool.endpoints);
  const eligible = endpoints.filter((each) => each.eligible).length;
  const inFlight = overview.pools.reduce((sum, pool) => sum + pool.inFlight, 0);
  const tone = now.failedShare >= 0.01 ? 'bad' : '';
  return (
    <section aria-label="At a glance">
      <dl class="summary">
        <Figure name="requests/s" value={rate(now.perSecond)} />
        <Figure name="median" value={milliseconds(now.p50)} />
        <Figure name="99th percentile" value={milliseconds(now.p99)} />
        <Figure name="failed" value={percent(now.failedShare)} tone={tone} />
        <Figure name="in flight" value={count(inFlight)} />
        <Figure name="client connections" value={count(overview.connectionsOpen)} />
        <Figure
          name="endpoints eligible"
          value={`${eligible} of ${endpoints.length}`}
          tone={eligible < endpoints.length ? (eligible === 0 ? 'bad' : 'warn') : ''}
        />
      </dl>
    </section>
  );
}

function Figure({ name, value, tone = '' }: { readonly name: string; readonly value: string; readonly tone?: string }) {
  return (
    <div class={tone}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
