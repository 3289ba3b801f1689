import { useState } from 'preact/hooks';
import type { History, Now } from '../data/history.ts';
import { count, milliseconds, percent, rate } from '../data/numbers.ts';
import type { EndpointWire, PoolWire, ServerEventWire } from '../data/store.ts';
import { endpointElement } from '../data/topology.ts';
import { ended, endpointKey } from '../data/totals.ts';
import { type Tone, verdictOf } from '../data/verdict.ts';
import { ACTION_KEYS, type StartAction } from './action-dialog.tsx';
import { EndpointDetails } from './endpoint-details.tsx';
import { Sparkline } from './sparkline.tsx';
import { StateStrip } from './state-strip.tsx';

export interface EndpointProps {
  readonly endpoint: EndpointWire;
  readonly pool: PoolWire;
  readonly isTcp: boolean;
  /** What the small chart shows, and the value at the top of every such chart of the pool, so that they compare. */
  readonly spark: readonly (number | null)[];
  readonly top: number;
  /** Of the pool's requests, what a whole bar stands for. */
  readonly fullShare: number;
  /** Why whoever looks may change nothing. */
  readonly refusal: string | undefined;
  readonly history: History;
  readonly events: readonly ServerEventWire[];
  readonly onAction: StartAction;
}

export function EndpointRow(props: EndpointProps) {
  const { endpoint, pool, isTcp, spark, top, fullShare, history, refusal, onAction } = props;
  const [isOpen, setIsOpen] = useState(false);
  const { id, address, mode } = endpoint;
  const key = endpointKey(pool.name, id);
  const element = endpointElement(pool.name, id);
  const act = mode === 'ready' ? 'draining' : 'ready';
  const details = [...tagsOf(endpoint), ...(address === id ? [] : [address])].join(' · ');
  const onKeyDown = (event: KeyboardEvent) => {
    const action = ACTION_KEYS.get(event.key);
    if (action === undefined || refusal !== undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as Element).closest('tr') !== event.currentTarget) return;
    event.preventDefault();
    onAction(pool.name, id, action);
  };
  return (
    <>
      <tr id={element} class={`endpoint ${endpoint.eligible ? '' : 'unpicked'}`} onKeyDown={onKeyDown}>
        <th scope="row">
          <button
            type="button"
            class="opener"
            aria-expanded={isOpen}
            aria-controls={isOpen ? `${element}-details` : undefined}
            onClick={() => setIsOpen(!isOpen)}
          >
            <span class="arrow" aria-hidden="true" />
            <span class="names">
              <span class="name">{id}</span>
              <span class="detail" title={details}>
                {details}
              </span>
            </span>
          </button>
        </th>
        <State endpoint={endpoint} tones={history.track(key)?.tones ?? []} />
        <ShareCell endpoint={endpoint} full={fullShare} />
        {isTcp ? (
          <TcpNumbers endpoint={endpoint} now={history.now(key)} spark={spark} top={top} />
        ) : (
          <Numbers endpoint={endpoint} now={history.now(key)} spark={spark} top={top} />
        )}
        <td class="operation">
          <button
            type="button"
            class="small"
            disabled={refusal !== undefined}
            title={refusal}
            onClick={() => onAction(pool.name, id, act)}
            aria-label={`${act === 'ready' ? 'Ready' : 'Drain'} ${id}…`}
          >
            {act === 'ready' ? 'Ready…' : 'Drain…'}
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr id={`${element}-details`} class="details">
          <td colSpan={11}>
            <EndpointDetails {...props} />
          </td>
        </tr>
      )}
    </>
  );
}

/** What sets it apart from the others. */
function tagsOf({ zone, role, backup, addedAtRuntime, weight }: EndpointWire): string[] {
  return [
    ...(zone === undefined ? [] : [`zone ${zone}`]),
    ...(role === undefined ? [] : [role]),
    ...(backup ? ['backup'] : []),
    ...(addedAtRuntime ? ['added at run time'] : []),
    ...(weight.effective === 1 && weight.configured === 1 ? [] : [weightInWords(weight)]),
  ];
}

/** `weight 3`; where the configuration says something else, that as well, and why it is not so. */
export function weightInWords({ effective, configured, origin }: EndpointWire['weight']): string {
  const rounded = Number(effective.toFixed(2));
  if (origin === 'file') return `weight ${rounded}`;
  return `weight ${rounded} (${origin === 'api' ? 'API' : 'slow start'}; file ${configured})`;
}

interface StateProps {
  readonly endpoint: EndpointWire;
  readonly tones: readonly (Tone | null)[];
}

function State({ endpoint, tones }: StateProps) {
  const { word, shape, tone } = verdictOf(endpoint);
  return (
    <td class="state" title={endpoint.reasons.join('; ')}>
      <span class={`verdict ${tone}`}>
        <span class={`shape ${tone}`} aria-hidden="true">
          {shape}
        </span>
        {word}
      </span>
      <StateStrip tones={tones} />
    </td>
  );
}

/** As the balancer counts it over the last minute. */
function ShareCell({ endpoint: { share }, full }: { readonly endpoint: EndpointWire; readonly full: number }) {
  const { '1m': measured = 0, wanted = 0 } = share ?? {};
  return (
    <td class="share">
      <span class="bar" aria-hidden="true">
        <span class="fill" style={{ width: `${(measured / full) * 100}%` }} />
        {share !== undefined && <span class="mark" style={{ left: `${(wanted / full) * 100}%` }} />}
      </span>
      <span class="number">
        {share === undefined ? '–' : percent(measured)}{' '}
        <span class="detail">/ {share === undefined ? '–' : percent(wanted)}</span>
      </span>
    </td>
  );
}

interface NumbersProps {
  readonly endpoint: EndpointWire;
  readonly now: Now;
  readonly spark: readonly (number | null)[];
  readonly top: number;
}

function Numbers({ endpoint, now, spark, top }: NumbersProps) {
  return (
    <>
      <td class="number rate">
        <span class="rate-cell" data-unit="/s">
          <Sparkline values={spark} top={top} />
          {rate(now.perSecond)}
        </span>
      </td>
      <td class="number p50">{milliseconds(now.p50)}</td>
      <td class="number extra">{milliseconds(now.p90)}</td>
      <td class="number">{milliseconds(now.p99)}</td>
      <td class={`number ${now.failedShare > 0 ? 'bad' : ''}`}>{percent(now.failedShare)}</td>
      <InFlight {...endpoint} />
      <td class="number extra total">{count(ended(endpoint.requests))}</td>
    </>
  );
}

/** Connections last: how many are open says more than how many ended. */
function TcpNumbers({ endpoint, now, spark, top }: NumbersProps) {
  const { inFlight, maxConnections, connectFailures, requests } = endpoint;
  return (
    <>
      <td class="number rate in-flight">
        <span class="rate-cell" data-unit=" open">
          <Sparkline values={spark} top={top} />
          {count(inFlight)}
          {maxConnections !== undefined && <span class="detail"> / {count(maxConnections)}</span>}
        </span>
      </td>
      <td class="number">{rate(now.perSecond)}</td>
      <td class={`number ${now.failedPerSecond > 0 ? 'bad' : ''}`}>{count(connectFailures)}</td>
      <td class="number extra total">{count(ended(requests))}</td>
    </>
  );
}

const InFlight = ({ inFlight, maxConnections }: EndpointWire) => (
  <td class="number in-flight">
    {count(inFlight)}
    {maxConnections !== undefined && <span class="detail"> / {count(maxConnections)}</span>}
  </td>
);

interface HeadCell {
  readonly text: string;
  readonly of?: string;
  readonly title?: string;
}

const FIRST: readonly HeadCell[] = [
  { text: 'Endpoint' },
  { text: 'State', title: 'Now, and over the last five minutes: what stands up was not picked' },
  {
    text: 'Share / weight',
    of: 'share-head',
    title:
      'Of the pool’s requests in the last minute; the mark is what the weights ask for. Bars compare within a pool',
  },
];
const HTTP: readonly HeadCell[] = [
  { text: 'Requests/s', of: 'number' },
  { text: 'p50', of: 'number p50' },
  { text: 'p90', of: 'number extra' },
  { text: 'p99', of: 'number' },
  { text: 'Failed', of: 'number', title: 'Answers 5xx and failed connects, of the last 10 s' },
  { text: 'In flight', of: 'number' },
  { text: 'Total', of: 'number extra', title: 'Requests since the start' },
];
const TCP: readonly HeadCell[] = [
  { text: 'Open', of: 'number', title: 'Connections open now' },
  { text: 'Ended/s', of: 'number' },
  { text: 'Failed connects', of: 'number', title: 'Since the start' },
  { text: 'Total', of: 'number extra', title: 'Connections that ended since the start' },
];

export const EndpointHead = ({ isTcp }: { readonly isTcp: boolean }) => (
  <thead>
    <tr>
      {[...FIRST, ...(isTcp ? TCP : HTTP)].map(({ text, of, title }) => (
        <th key={text} scope="col" class={of} title={title}>
          {text}
        </th>
      ))}
      <th scope="col">
        <span class="hidden">Operation</span>
      </th>
    </tr>
  </thead>
);
