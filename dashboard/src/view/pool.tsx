import { useState } from 'preact/hooks';
import { fold } from '../data/fold.ts';
import type { History } from '../data/history.ts';
import { count, index } from '../data/numbers.ts';
import type { EndpointWire, OverviewWire, PoolWire, ServerEventWire } from '../data/store.ts';
import { poolElement } from '../data/topology.ts';
import { endpointKey, isTcpPool, poolKey } from '../data/totals.ts';
import { verdictOf } from '../data/verdict.ts';
import type { StartAction } from './action-dialog.tsx';
import { Charts } from './charts.tsx';
import { EndpointHead, EndpointRow } from './endpoint.tsx';

interface PoolProps {
  readonly pool: PoolWire;
  readonly overview: OverviewWire;
  readonly history: History;
  readonly events: readonly ServerEventWire[];
  /** Only endpoints whose id or address has this in it. */
  readonly filter: string;
  readonly onAction: StartAction;
}

/** Rows drawn before somebody asks for all; those in trouble are among them. */
const MOST_ROWS = 20;

export function Pool(props: PoolProps) {
  const { pool, overview, history, filter } = props;
  const [showsAll, setShowsAll] = useState(false);
  const { name, endpoints } = pool;
  const isTcp = isTcpPool(name, overview.listeners);
  const matching = endpoints.filter(
    ({ id, address }) => filter === '' || id.includes(filter) || address.includes(filter),
  );
  const { shown } = fold(matching, showsAll ? Number.POSITIVE_INFINITY : MOST_ROWS, rankOf);
  const top = Math.max(1, ...shown.flatMap(({ id }) => sparkOf(history, endpointKey(name, id), isTcp).map(Number)));
  const fullShare = fullShareOf(endpoints);
  return (
    <section class="card pool" id={poolElement(name)} aria-label={`Pool ${name}`}>
      <PoolHead pool={pool} isTcp={isTcp} />
      <Charts of={poolKey(name)} isTcp={isTcp} history={history} listeners={listenersOf(name, overview)} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scroller" tabIndex={0} aria-label={`Endpoints of ${name}`}>
        <table>
          <EndpointHead isTcp={isTcp} />
          <tbody>
            {shown.map((endpoint) => (
              <EndpointRow
                key={endpoint.id}
                endpoint={endpoint}
                isTcp={isTcp}
                spark={sparkOf(history, endpointKey(name, endpoint.id), isTcp)}
                top={top}
                fullShare={fullShare}
                refusal={overview.refusal}
                {...props}
              />
            ))}
          </tbody>
        </table>
      </section>
      {endpoints.length === 0 && <p class="empty">No endpoints. Nobody serves what comes to this pool.</p>}
      {endpoints.length > 0 && matching.length === 0 && (
        <p class="empty">No endpoint of this pool matches “{filter}”.</p>
      )}
      {matching.length > MOST_ROWS && (
        <button type="button" class="more" aria-expanded={showsAll} onClick={() => setShowsAll(!showsAll)}>
          {showsAll ? 'Show fewer' : `Show all ${count(matching.length)} endpoints`}
        </button>
      )}
    </section>
  );
}

const rankOf = (endpoint: EndpointWire): number => (verdictOf(endpoint).tone === 'good' ? 0 : 1);

const listenersOf = (pool: string, { listeners }: OverviewWire): string[] =>
  listeners
    .filter(({ routes }) => routes.some(({ pools }) => pools.some((each) => each.pool === pool)))
    .map(({ name }) => name);

/** What a whole bar of a share stands for: among many, all would be slivers of the whole. Round, so that it seldom changes. */
function fullShareOf(endpoints: readonly EndpointWire[]): number {
  const most = Math.max(...endpoints.map(({ share }) => Math.max(share?.['1m'] ?? 0, share?.wanted ?? 0)), 0);
  return FULL_SHARES.find((each) => each >= most) ?? 1;
}

const FULL_SHARES = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** The last two minutes of what a row's small chart shows. */
function sparkOf(history: History, key: string, isTcp: boolean): readonly (number | null)[] {
  const track = history.track(key);
  return ((isTcp ? track?.inFlight : track?.rate) ?? []).slice(-120);
}

function PoolHead({ pool, isTcp }: { readonly pool: PoolWire; readonly isTcp: boolean }) {
  const { name, policy, eligible, endpoints, inFlight, retries, fairness } = pool;
  const tone = eligible === 0 ? 'bad' : eligible < endpoints.length ? 'warn' : '';
  return (
    <header class="card-head">
      <h2>
        <span class="kind">{isTcp ? 'tcp pool' : 'pool'}</span> {name}
      </h2>
      <dl class="facts">
        <Fact name="policy" value={policy} />
        <Fact name="eligible" value={`${eligible} of ${endpoints.length}`} tone={tone} />
        <Fact
          name="fairness 1 / 5 min"
          value={`${index(fairness['1m'] ?? null)} / ${index(fairness['5m'] ?? null)}`}
          title="Jain’s index of requests per weight over the last minute, and over the last five, among endpoints that could serve all the time: 1 is exactly as weighted. A policy that follows latency gives faster endpoints more, on purpose."
        />
        <Fact name={isTcp ? 'open' : 'in flight'} value={count(inFlight)} />
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
