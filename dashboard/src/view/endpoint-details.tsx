import { ended, endpointKey } from '../data/history.ts';
import { age, count, milliseconds, rate } from '../data/numbers.ts';
import type { EndpointWire, ServerEventWire } from '../data/store.ts';
import { ACTIONS } from './action-dialog.tsx';
import { Chart } from './chart.tsx';
import type { EndpointProps } from './endpoint.tsx';
import { EventRow } from './events.tsx';

const MOST_EVENTS = 8;

/** Why it is in this state, what happened to it, its own charts, and what can be done. */
export function EndpointDetails({ endpoint, pool, history, events, onAction }: EndpointProps) {
  const { id, reasons, mode } = endpoint;
  const track = history.track(endpointKey(pool.name, id));
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
            onClick={() => onAction(pool.name, id, action)}
          >
            {label}…
          </button>
        ))}
      </div>
      {track !== undefined && (
        <div class="charts">
          <Chart
            title="Requests/s"
            times={history.times}
            lines={[{ label: '', color: '--series-1', values: track.rate }]}
            format={(value) => (value === null ? '–' : rate(value))}
            filled
            leastTop={10}
          />
          <Chart
            title="Latency"
            times={history.times}
            lines={[
              { label: 'p50', color: '--series-1', values: track.p50 },
              { label: 'p90', color: '--series-2', values: track.p90 },
              { label: 'p99', color: '--series-3', values: track.p99 },
            ]}
            format={milliseconds}
            leastTop={1}
          />
          <Chart
            title="Failed/s"
            times={history.times}
            lines={[{ label: '', color: '--series-bad', values: track.failures }]}
            format={(value) => (value === null ? '–' : rate(value))}
            filled
            leastTop={1}
          />
        </div>
      )}
      <div class="columns">
        <Facts endpoint={endpoint} />
        <Past events={own} />
      </div>
    </div>
  );
}

function Facts({ endpoint }: { readonly endpoint: EndpointWire }) {
  const { health, lastCheck, breaker, ejected, weight, mode, requests, retries, connectFailures, connectionsOpen } =
    endpoint;
  const check = lastCheck && `${lastCheck.reason}, ${milliseconds(lastCheck.latencyMs)}, ${age(lastCheck.ageMs)} ago`;
  const origin = { file: 'from the configuration', api: 'set at run time', 'slow-start': 'slow start' }[weight.origin];
  const rows = [
    ['mode', mode],
    ['health', health],
    ['last check', check ?? 'none'],
    ['circuit breaker', breaker ?? 'not configured'],
    ['outlier ejection', ejected === undefined ? 'not configured' : ejected ? 'ejected' : 'not ejected'],
    ['weight', `${weight.effective} (${origin}; configured ${weight.configured})`],
    ['requests', `${count(ended(requests))}: ${classes(requests)}`],
    ['retried here', count(retries)],
    ['failed connects', count(connectFailures)],
    ['connections open', count(connectionsOpen)],
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
