import { useState } from 'preact/hooks';
import { fairness } from '../data/fairness.ts';
import { endpointKey, type History, poolKey } from '../data/history.ts';
import { count, index, milliseconds, rate } from '../data/numbers.ts';
import type { EndpointWire, PoolWire, ServerEventWire } from '../data/store.ts';
import { poolElement } from '../data/topology.ts';
import type { StartAction } from './action-dialog.tsx';
import { Chart } from './chart.tsx';
import { EndpointRow } from './endpoint.tsx';

interface PoolProps {
  readonly pool: PoolWire;
  readonly history: History;
  readonly events: readonly ServerEventWire[];
  /** Only endpoints whose id or address has this in it. */
  readonly filter: string;
  readonly onAction: StartAction;
}

/** Rows drawn before somebody asks for all. */
const MOST_ROWS = 50;

export function Pool(props: PoolProps) {
  const { pool, history, filter } = props;
  const [showsAll, setShowsAll] = useState(false);
  const { name, endpoints } = pool;
  const shares = sharesOf(pool, history);
  const matching = endpoints.filter(
    ({ id, address }) => filter === '' || id.includes(filter) || address.includes(filter),
  );
  const shown = showsAll ? matching : matching.slice(0, MOST_ROWS);
  const top = Math.max(1, ...shown.flatMap(({ id }) => highest(history.track(endpointKey(name, id))?.rate)));
  return (
    <section class="card pool" id={poolElement(name)} aria-label={`Pool ${name}`}>
      <PoolHead pool={pool} fair={fairnessOf(endpoints, shares)} />
      <PoolCharts pool={pool} history={history} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroller" tabIndex={0} aria-label={`Endpoints of ${name}`}>
        <table>
          <EndpointHead />
          <tbody>
            {shown.map((endpoint) => (
              <EndpointRow
                key={endpoint.id}
                endpoint={endpoint}
                share={shares.get(endpoint.id)!}
                top={top}
                {...props}
              />
            ))}
          </tbody>
        </table>
      </section>
      {endpoints.length === 0 && <p class="empty">No endpoints. Every request to this pool is answered 503.</p>}
      {endpoints.length > 0 && matching.length === 0 && (
        <p class="empty">No endpoint of this pool matches “{filter}”.</p>
      )}
      {matching.length > shown.length && (
        <button type="button" class="more" onClick={() => setShowsAll(true)}>
          Show all {count(matching.length)} endpoints
        </button>
      )}
    </section>
  );
}

function PoolHead({ pool, fair }: { readonly pool: PoolWire; readonly fair: number | null }) {
  const { name, policy, eligible, endpoints, inFlight, retries } = pool;
  const tone = eligible === 0 ? 'bad' : eligible < endpoints.length ? 'warn' : '';
  return (
    <header class="card-head">
      <h2>
        <span class="kind">pool</span> {name}
      </h2>
      <dl class="facts">
        <Fact name="policy" value={policy} />
        <Fact name="eligible" value={`${eligible} of ${endpoints.length}`} tone={tone} />
        <Fact
          name="fairness"
          value={index(fair)}
          title="Jain’s index of share by weight over the last minute: 1 is exactly as weighted. A policy that follows latency gives faster endpoints more, on purpose."
        />
        <Fact name="in flight" value={count(inFlight)} />
        <Fact
          name="retried"
          value={count(retries)}
          title="Tries that came here because another endpoint had failed, since the start"
        />
      </dl>
    </header>
  );
}

interface FactProps {
  readonly name: string;
  readonly value: string;
  readonly title?: string;
  readonly tone?: string;
}

const Fact = ({ name, value, title, tone = '' }: FactProps) => (
  <div class={tone} title={title}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

function PoolCharts({ pool, history }: { readonly pool: PoolWire; readonly history: History }) {
  const track = history.track(poolKey(pool.name));
  if (track === undefined) return null;
  const { times } = history;
  const latency = [
    { label: 'p50', color: '--series-1', values: track.p50 },
    { label: 'p90', color: '--series-2', values: track.p90 },
    { label: 'p99', color: '--series-3', values: track.p99 },
  ];
  return (
    <div class="charts">
      <Chart
        title="Requests/s"
        times={times}
        lines={[{ label: '', color: '--series-1', values: track.rate }]}
        format={(value) => (value === null ? '–' : rate(value))}
        filled
        leastTop={10}
      />
      <Chart title="Latency" times={times} lines={latency} format={milliseconds} leastTop={1} />
      <Chart
        title="Failed/s"
        times={times}
        lines={[{ label: '', color: '--series-bad', values: track.failures }]}
        format={(value) => (value === null ? '–' : rate(value))}
        filled
        leastTop={1}
      />
    </div>
  );
}

const EndpointHead = () => (
  <thead>
    <tr>
      <th scope="col">Endpoint</th>
      <th scope="col">State</th>
      <th
        scope="col"
        class="share-head"
        title="Of the pool’s requests in the last minute; the mark is what the weights ask for"
      >
        Share / weight
      </th>
      <th scope="col" class="number">
        Requests/s
      </th>
      <th scope="col" class="number">
        p50
      </th>
      <th scope="col" class="number extra">
        p90
      </th>
      <th scope="col" class="number">
        p99
      </th>
      <th scope="col" class="number" title="Answers 5xx and failed connects, of the last 10 s">
        Failed
      </th>
      <th scope="col" class="number">
        In flight
      </th>
      <th scope="col" class="number extra" title="Requests since the start">
        Total
      </th>
      <th scope="col">
        <span class="hidden">Operation</span>
      </th>
    </tr>
  </thead>
);

/** Measured over the last minute, and as the weights ask for, 0..1. */
export interface Share {
  readonly measured: number;
  readonly wanted: number;
}

function sharesOf({ name, endpoints }: PoolWire, history: History): Map<string, Share> {
  const counts = endpoints.map(({ id }) => history.recent(endpointKey(name, id)));
  const all = counts.reduce((sum, each) => sum + each, 0);
  const weights = endpoints.map(weightOf);
  const total = weights.reduce((sum, each) => sum + each, 0);
  return new Map(
    endpoints.map(({ id }, i) => {
      return [id, { measured: all > 0 ? counts[i]! / all : 0, wanted: total > 0 ? weights[i]! / total : 0 }];
    }),
  );
}

const weightOf = ({ eligible, backup, weight }: EndpointWire): number => (eligible && !backup ? weight.effective : 0);

function fairnessOf(endpoints: readonly EndpointWire[], shares: ReadonlyMap<string, Share>): number | null {
  return fairness(endpoints.map((each) => ({ share: shares.get(each.id)!.measured, weight: weightOf(each) })));
}

/** An empty list for nothing. */
const highest = (values: readonly (number | null)[] = []): number[] => values.slice(-120).map((each) => each ?? 0);
