import { useEffect, useState } from 'preact/hooks';
import { ConfigView } from '../config/config-view.tsx';
import { age, timeOfDay } from '../data/numbers.ts';
import { type Connection, type OverviewWire, type Page, type Store, usePage } from '../data/store.ts';
import { applyTheme, nextTheme, readTheme } from '../data/theme.ts';
import { canExplain, ExplainView } from '../explain/explain-view.tsx';
import { type Action, ActionDialog } from './action-dialog.tsx';
import { Events } from './events.tsx';
import { Flow } from './flow.tsx';
import { Help } from './help.tsx';
import { keepKeys, moveToEndpoint, useKeys } from './keys.ts';
import { Pool } from './pool.tsx';
import { Summary } from './summary.tsx';
import { TokenPrompt } from './token-prompt.tsx';

type View = 'live' | 'configuration' | 'explain';
const VIEWS: readonly View[] = ['live', 'configuration', 'explain'];
const TITLES = { live: 'Live', configuration: 'Configuration', explain: 'Explain' } as const;

interface Asked {
  readonly pool: string;
  readonly id: string;
  readonly action: Action;
}

export function App({ store }: { readonly store: Store }) {
  const page = usePage(store);
  const [view, setView] = useView();
  const [filter, setFilter] = useState('');
  const explains = useExplains(page.overview !== undefined);
  const [theme, setTheme] = useState(readTheme());
  const [showsHelp, setShowsHelp] = useState(false);
  const [usesKeys, setUsesKeys] = useState(keepKeys());
  const [asked, setAsked] = useState<Asked | undefined>();
  const turnTheme = () => {
    applyTheme(nextTheme(theme));
    setTheme(nextTheme(theme));
  };
  useKeys(usesKeys, {
    1: () => setView('live'),
    2: () => setView('configuration'),
    3: () => explains && setView('explain'),
    t: turnTheme,
    j: () => moveToEndpoint(1),
    k: () => moveToEndpoint(-1),
    '/': () => document.getElementById('filter')?.focus(),
    '?': () => setShowsHelp(true),
  });
  useTitle(page);
  if (page.connection.kind === 'token') return <TokenPrompt wrong={page.connection.wrong} onToken={store.signIn} />;
  return (
    <>
      <header class="top">
        <h1>Equipoise</h1>
        <Pulse page={page} />
        {view === 'live' && <Filter value={filter} onValue={setFilter} />}
        <nav aria-label="Views">
          {VIEWS.filter((each) => each !== 'explain' || explains).map((each) => (
            <a
              key={each}
              href={`#${each}`}
              aria-current={view === each ? 'page' : undefined}
              onClick={() => setView(each)}
            >
              {TITLES[each]}
            </a>
          ))}
        </nav>
        <button
          type="button"
          class="small"
          onClick={turnTheme}
          aria-label={`Theme: ${theme}. Change`}
          aria-keyshortcuts="t"
        >
          {theme === 'auto' ? 'Auto' : theme === 'light' ? 'Light' : 'Dark'}
        </button>
        <button
          type="button"
          class="small"
          onClick={() => setShowsHelp(true)}
          aria-label="Keys and signs"
          aria-keyshortcuts="?"
        >
          ?
        </button>
      </header>
      <Banner connection={page.connection} />
      {page.connection.kind === 'live' && <ReadOnly overview={page.overview} onSignOut={store.signOut} />}
      {view === 'live' && (
        <Live page={page} filter={filter} onAction={(pool, id, action) => setAsked({ pool, id, action })} />
      )}
      {view !== 'live' && (
        <main class="page">
          {view === 'configuration' ? (
            <ConfigView refusal={page.overview?.refusal} />
          ) : (
            <ExplainView overview={page.overview} />
          )}
        </main>
      )}
      {asked !== undefined && page.overview !== undefined && (
        <ActionDialog
          {...asked}
          overview={page.overview}
          onDone={() => void store.look()}
          onClose={() => setAsked(undefined)}
        />
      )}
      {showsHelp && (
        <Help
          usesKeys={usesKeys}
          onUseKeys={(used) => {
            keepKeys(used);
            setUsesKeys(used);
          }}
          onClose={() => setShowsHelp(false)}
        />
      )}
    </>
  );
}

interface FilterProps {
  readonly value: string;
  readonly onValue: (value: string) => void;
}

const Filter = ({ value, onValue }: FilterProps) => (
  <p class="filter">
    <input
      id="filter"
      type="search"
      value={value}
      placeholder="Find endpoints"
      aria-label="Find endpoints by id or address"
      aria-keyshortcuts="/"
      onInput={(event) => onValue(event.currentTarget.value.trim())}
    />
  </p>
);

interface LiveProps {
  readonly page: Page;
  readonly filter: string;
  readonly onAction: (pool: string, id: string, action: Action) => void;
}

function Live({ page, filter, onAction }: LiveProps) {
  const { overview, history, events } = page;
  if (overview === undefined) {
    return (
      <main class="page">
        <p class="empty">{page.connection.kind === 'connecting' ? 'Connecting…' : 'Nothing is known yet.'}</p>
      </main>
    );
  }
  return (
    <main class="page live">
      <Summary {...page} />
      <Flow {...page} />
      <Events events={events} pools={overview.pools.map(({ name }) => name)} />
      <div class="pools">
        {overview.pools.map((pool) => (
          <Pool key={pool.name} {...{ pool, overview, history, events, filter, onAction }} />
        ))}
        {overview.pools.length === 0 && (
          <p class="empty">No pools: every request is answered by the balancer itself.</p>
        )}
      </div>
    </main>
  );
}

function Pulse({ page: { connection, overview } }: { readonly page: Page }) {
  const isLive = connection.kind === 'live';
  const [tone, shape] = !isLive ? ['bad', '▼'] : overview?.state === 'serving' ? ['good', '●'] : ['warn', '◐'];
  const state = isLive ? (overview?.state === 'serving' ? 'live' : (overview?.state ?? '')) : 'no connection';
  return (
    <p class="pulse">
      <span class={`shape ${tone}`} aria-hidden="true">
        {shape}
      </span>
      {connection.kind === 'connecting' ? 'connecting' : state}
      {overview !== undefined && (
        <span class="detail">
          {overview.version}, {overview.runtime}, for {age(overview.at - overview.startedAt)}
        </span>
      )}
    </p>
  );
}

function Banner({ connection }: { readonly connection: Connection }) {
  return (
    <div role="status">
      {connection.kind === 'lost' && (
        <p class="banner">
          ▲ The balancer {connection.reason}. What you see is from {timeOfDay(connection.since)}; trying again every
          second.
        </p>
      )}
    </div>
  );
}

interface ReadOnlyProps {
  readonly overview: OverviewWire | undefined;
  readonly onSignOut: () => void;
}

/** Why every operation is greyed out; another token helps where the balancer serves. */
function ReadOnly({ overview, onSignOut }: ReadOnlyProps) {
  if (overview?.refusal === undefined) return null;
  const isServing = overview.state === 'serving';
  return (
    <section class={isServing ? 'banner calm' : 'banner'} aria-label="Permission">
      <p>
        {isServing ? 'Only to look' : '▲ Going down'}: {overview.refusal}.
      </p>
      {isServing && (
        <button type="button" class="small" onClick={onSignOut}>
          Use another token…
        </button>
      )}
    </section>
  );
}

function useView() {
  const read = (): View => VIEWS.find((each) => location.hash === `#${each}`) ?? 'live';
  const [view, setView] = useState(read());
  useEffect(() => {
    const follow = () => setView(read());
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const change = (next: View) => {
    location.hash = next;
    setView(next);
  };
  return [view, change] as const;
}

/** Not asked before the balancer answers at all. */
function useExplains(isKnown: boolean): boolean {
  const [explains, setExplains] = useState(false);
  useEffect(() => {
    if (isKnown) void canExplain().then(setExplains);
  }, [isKnown]);
  return explains;
}

/** A tab among many tells of trouble. */
function useTitle({ connection, overview }: Page): void {
  const unpicked = overview?.pools.flatMap((pool) => pool.endpoints).filter((each) => !each.eligible).length ?? 0;
  const trouble = connection.kind === 'lost' ? '✕ ' : unpicked > 0 ? `▲ ${unpicked} ` : '';
  useEffect(() => {
    document.title = `${trouble}Equipoise`;
  }, [trouble]);
}
