import { useState } from 'preact/hooks';
import { timeOfDay } from '../data/numbers.ts';
import type { ServerEventWire } from '../data/store.ts';

const SHAPES = { info: '·', warn: '▲', error: '✕' } as const;
/** More is in the log. */
const MOST_SHOWN = 200;

export function EventRow({ event }: { readonly event: ServerEventWire }) {
  const { at, level = 'info', message = event.kind } = event;
  return (
    <li class={`event ${level}`}>
      <time dateTime={new Date(at).toISOString()}>{timeOfDay(at)}</time>
      <span class="shape" aria-hidden="true">
        {SHAPES[level]}
      </span>
      <span>
        {level !== 'info' && <span class="hidden">{level}: </span>}
        {message}
      </span>
    </li>
  );
}

/** What happened, newest first. */
export function Events({ events }: { readonly events: readonly ServerEventWire[] }) {
  const [onlyTrouble, setOnlyTrouble] = useState(false);
  const shown = events
    .filter(({ level }) => !onlyTrouble || level === 'warn' || level === 'error')
    .slice(0, MOST_SHOWN);
  return (
    <section class="card events" aria-labelledby="events-title">
      <header class="card-head">
        <h2 id="events-title">Events</h2>
        <label class="check">
          <input
            type="checkbox"
            checked={onlyTrouble}
            onChange={(event) => setOnlyTrouble(event.currentTarget.checked)}
          />
          warnings only
        </label>
      </header>
      {shown.length === 0 && <p class="empty">{onlyTrouble ? 'No warnings.' : 'Nothing happened yet.'}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <ol tabIndex={0} aria-label="Events, newest first">
        {shown.map((event) => (
          <EventRow key={event.id} event={event} />
        ))}
      </ol>
    </section>
  );
}
