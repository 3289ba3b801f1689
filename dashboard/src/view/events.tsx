import { useState } from 'preact/hooks';
import { count, timeOfDay } from '../data/numbers.ts';
import type { ServerEventWire } from '../data/store.ts';

const SHAPES = { info: '·', warn: '▲', error: '✕' } as const;
type Level = keyof typeof SHAPES;
const RANKS = { info: 0, warn: 1, error: 2 } as const;
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

interface Wanted {
  readonly level: Level;
  /** Empty: of all pools, and of none. */
  readonly pool: string;
  /** In its endpoint's id or in what it says. */
  readonly text: string;
}

const ALL: Wanted = { level: 'info', pool: '', text: '' };

function isWanted(event: ServerEventWire, { level, pool, text }: Wanted): boolean {
  if (RANKS[event.level ?? 'info'] < RANKS[level]) return false;
  if (pool !== '' && event['pool'] !== pool && event.message?.includes(`pool ${pool}:`) !== true) return false;
  return text === '' || `${event['endpoint'] ?? ''} ${event.message}`.toLowerCase().includes(text.toLowerCase());
}

interface EventsProps {
  readonly events: readonly ServerEventWire[];
  readonly pools: readonly string[];
}

/** What happened, newest first; held still while somebody reads. */
export function Events({ events, pools }: EventsProps) {
  const [wanted, setWanted] = useState(ALL);
  const [held, setHeld] = useState<readonly ServerEventWire[] | undefined>();
  const matching = (held ?? events).filter((each) => isWanted(each, wanted));
  const shown = matching.slice(0, MOST_SHOWN);
  const known = new Set(held?.map(({ id }) => id));
  const waiting =
    held === undefined ? 0 : events.filter((each) => !known.has(each.id) && isWanted(each, wanted)).length;
  return (
    <section class="card events" aria-labelledby="events-title">
      <header class="card-head">
        <h2 id="events-title">Events</h2>
        <span class="buttons">
          {held !== undefined && (
            <span class="note" role="status">
              paused, {count(waiting)} new
            </span>
          )}
          <button
            type="button"
            class="small"
            aria-pressed={held !== undefined}
            onClick={() => setHeld(held === undefined ? events : undefined)}
          >
            {held === undefined ? 'Pause' : 'Go on'}
          </button>
        </span>
      </header>
      <Wishes wanted={wanted} pools={pools} onWanted={setWanted} />
      {shown.length === 0 && (
        <p class="empty">{events.length === 0 ? 'Nothing happened yet.' : 'Nothing like that happened.'}</p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <ol tabIndex={0} aria-label="Events, newest first">
        {shown.map((event) => (
          <EventRow key={event.id} event={event} />
        ))}
      </ol>
    </section>
  );
}

interface WishesProps {
  readonly wanted: Wanted;
  readonly pools: readonly string[];
  readonly onWanted: (wanted: Wanted) => void;
}

const Wishes = ({ wanted, pools, onWanted }: WishesProps) => (
  <div class="wishes">
    <select
      aria-label="Severity of events"
      value={wanted.level}
      onChange={(event) => onWanted({ ...wanted, level: event.currentTarget.value as Level })}
    >
      <option value="info">all</option>
      <option value="warn">▲ warnings</option>
      <option value="error">✕ errors</option>
    </select>
    <select
      aria-label="Pool of events"
      value={wanted.pool}
      onChange={(event) => onWanted({ ...wanted, pool: event.currentTarget.value })}
    >
      <option value="">any pool</option>
      {pools.map((pool) => (
        <option key={pool} value={pool}>
          {pool}
        </option>
      ))}
    </select>
    <input
      type="search"
      placeholder="endpoint or word"
      aria-label="Endpoint or word of events"
      value={wanted.text}
      onInput={(event) => onWanted({ ...wanted, text: event.currentTarget.value.trim() })}
    />
  </div>
);
