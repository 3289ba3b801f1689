import { useState } from 'preact/hooks';
import { ended, endpointKey, type History, type Now } from '../data/history.ts';
import { count, milliseconds, percent, rate } from '../data/numbers.ts';
import type { EndpointWire, PoolWire, ServerEventWire } from '../data/store.ts';
import { endpointElement } from '../data/topology.ts';
import { verdictOf } from '../data/verdict.ts';
import { ACTION_KEYS, type StartAction } from './action-dialog.tsx';
import { EndpointDetails } from './endpoint-details.tsx';
import type { Share } from './pool.tsx';
import { Sparkline } from './sparkline.tsx';

export interface EndpointProps {
  readonly endpoint: EndpointWire;
  readonly pool: PoolWire;
  readonly share: Share;
  /** Requests a second at the top of every sparkline of the pool, so that they compare. */
  readonly top: number;
  readonly history: History;
  readonly events: readonly ServerEventWire[];
  readonly onAction: StartAction;
}

export function EndpointRow(props: EndpointProps) {
  const { endpoint, pool, share, top, history, onAction } = props;
  const [isOpen, setIsOpen] = useState(false);
  const { id, address, mode, backup, zone, addedAtRuntime } = endpoint;
  const key = endpointKey(pool.name, id);
  const element = endpointElement(pool.name, id);
  const act = mode === 'ready' ? 'draining' : 'ready';
  const tags = [zone, backup && 'backup', addedAtRuntime && 'added'].filter(Boolean);
  const onKeyDown = (event: KeyboardEvent) => {
    const action = ACTION_KEYS.get(event.key);
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
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
              <span class="detail">{[address !== id && address, ...tags].filter(Boolean).join(' · ')}</span>
            </span>
          </button>
        </th>
        <State endpoint={endpoint} />
        <ShareCell share={share} />
        <Numbers endpoint={endpoint} now={history.now(key)} rates={history.track(key)?.rate ?? []} top={top} />
        <td class="operation">
          <button
            type="button"
            class="small"
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

function State({ endpoint }: { readonly endpoint: EndpointWire }) {
  const { word, shape, tone } = verdictOf(endpoint);
  return (
    <td class="state" title={endpoint.reasons.join('; ')}>
      <span class={`verdict ${tone}`}>
        <span class={`shape ${tone}`} aria-hidden="true">
          {shape}
        </span>
        {word}
      </span>
    </td>
  );
}

function ShareCell({ share: { measured, wanted } }: { readonly share: Share }) {
  return (
    <td class="share">
      <span class="bar" aria-hidden="true">
        <span class="fill" style={{ width: `${measured * 100}%` }} />
        <span class="mark" style={{ left: `${wanted * 100}%` }} />
      </span>
      <span class="number">
        {percent(measured)} <span class="detail">/ {percent(wanted)}</span>
      </span>
    </td>
  );
}

interface NumbersProps {
  readonly endpoint: EndpointWire;
  readonly now: Now;
  readonly rates: readonly (number | null)[];
  readonly top: number;
}

function Numbers({ endpoint, now, rates, top }: NumbersProps) {
  const { inFlight, maxConnections, requests } = endpoint;
  return (
    <>
      <td class="number rate">
        <span class="rate-cell">
          <Sparkline values={rates} top={top} />
          {rate(now.perSecond)}
        </span>
      </td>
      <td class="number">{milliseconds(now.p50)}</td>
      <td class="number extra">{milliseconds(now.p90)}</td>
      <td class="number">{milliseconds(now.p99)}</td>
      <td class={`number ${now.failedShare > 0 ? 'bad' : ''}`}>{percent(now.failedShare)}</td>
      <td class="number in-flight">
        {count(inFlight)}
        {maxConnections !== undefined && <span class="detail"> / {count(maxConnections)}</span>}
      </td>
      <td class="number extra total">{count(ended(requests))}</td>
    </>
  );
}
