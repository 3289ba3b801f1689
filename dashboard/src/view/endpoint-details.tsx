import { age, bytes, count, milliseconds, percent } from '../data/numbers.ts';
import type { EndpointWire, ServerEventWire } from '../data/store.ts';
import { ended, endpointKey } from '../data/totals.ts';
import { ACTIONS } from './action-dialog.tsx';
import { Charts } from './charts.tsx';
import { type EndpointProps, weightInWords } from './endpoint.tsx';
import { EventRow } from './events.tsx';

const MOST_EVENTS = 8;

/** Why it is in this state, what happened to it, its own charts, and what can be done. */
export function EndpointDetails({ endpoint, pool, isTcp, history, events, refusal, onAction }: EndpointProps) {
  const { id, reasons, mode } = endpoint;
  const own = events.filter((event) => event['endpoint'] === id && event['pool'] === pool.name).slice(0, MOST_EVENTS);
  return (
    <div class="endpoint-details">
      {reasons.length > 0 && <p class="why">Not eligible: {reasons.join('; ')}.</p>}
      <div class="buttons">
        {ACTIONS.filter((each) => each.action !== mode).map(({ action, label, key }) => (
          <button
            key={action}
            type="button"
            class="small"
            aria-keyshortcuts={key}
            disabled={refusal !== undefined}
            title={refusal}
            onClick={() => onAction(pool.name, id, action)}
          >
            {label}…
          </button>
        ))}
      </div>
      <Charts of={endpointKey(pool.name, id)} isTcp={isTcp} history={history} />
      <div class="columns">
        <Facts endpoint={endpoint} />
        <Past events={own} />
      </div>
    </div>
  );
}

function Facts({ endpoint }: { readonly endpoint: EndpointWire }) {
  const { health, lastCheck, breaker, ejected, mode, requests, retries, connectFailures, connectionsOpen } = endpoint;
  const check = lastCheck && `${lastCheck.reason}, ${milliseconds(lastCheck.latencyMs)}, ${age(lastCheck.ageMs)} ago`;
  const rows = [
    ['mode', mode],
    ['health', health],
    ['last check', check ?? 'none'],
    ['circuit breaker', breaker ?? 'not configured'],
    ['outlier ejection', ejected === undefined ? 'not configured' : ejected ? 'ejected' : 'not ejected'],
    ['weight', weightLine(endpoint)],
    ['share', shareLine(endpoint)],
    ['requests', `${count(ended(requests))}: ${classes(requests)}`],
    ['retried here', count(retries)],
    ['failed connects', count(connectFailures)],
    ['connections open', count(connectionsOpen)],
    ['bytes', `${bytes(endpoint.bytes.sent)} to it, ${bytes(endpoint.bytes.received)} from it`],
  ];
  return (
    <section>
      <h3>Now</h3>
      <dl class="rows">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function weightLine({ weight }: EndpointWire): string {
  const words = weightInWords(weight).replace('weight ', '');
  return weight.origin === 'file' ? `${words} (file)` : words;
}

function shareLine({ share }: EndpointWire): string {
  if (share === undefined) return 'not measured yet';
  const { '1m': minute = 0, '5m': five = 0, wanted } = share;
  return `${percent(minute)} in a minute, ${percent(five)} in five; the weights ask for ${percent(wanted)}`;
}

function classes(requests: EndpointWire['requests']): string {
  const some = Object.entries(requests).filter(([, each]) => each > 0);
  if (some.length === 0) return 'none yet';
  return some.map(([name, each]) => `${count(each)} ${name === 'none' ? 'without status' : name}`).join(', ');
}

function Past({ events }: { readonly events: readonly ServerEventWire[] }) {
  return (
    <section>
      <h3>What happened to it</h3>
      {events.length === 0 ? (
        <p class="empty">Nothing since the start, or nothing that is still kept.</p>
      ) : (
        <ol>
          {events.map((event) => (
            <EventRow key={event.id} event={event} />
          ))}
        </ol>
      )}
    </section>
  );
}
