import { useEffect, useState } from 'preact/hooks';
import type { OverviewWire, ServerEventWire } from '../../../src/admin/wire.ts';
import { ApiError, askJson, keepToken, readToken } from './api.ts';
import { followEvents } from './event-stream.ts';
import { History } from './history.ts';

export type { OverviewWire, ServerEventWire };
export type PoolWire = OverviewWire['pools'][number];
export type EndpointWire = PoolWire['endpoints'][number];

export type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** Nothing is known since `since` (milliseconds since 1970). */
  | { readonly kind: 'lost'; readonly since: number; readonly reason: string }
  /** `wrong`: one was given. */
  | { readonly kind: 'token'; readonly wrong: boolean };

export interface Page {
  readonly connection: Connection;
  /** Absent before the first look. */
  readonly overview: OverviewWire | undefined;
  readonly history: History;
  /** Newest first. */
  readonly events: readonly ServerEventWire[];
}

const LOOK_MS = 1000;
const MOST_EVENTS = 1000;

/** What the whole page draws; one of them, started by `main`. */
export interface Store {
  page(): Page;
  subscribe(listener: () => void): () => void;
  start(): void;
  /** Goes on with this token. */
  signIn(token: string): void;
  /** Asks for another token. */
  signOut(): void;
  /** Looks now, when something was changed. */
  look(): Promise<void>;
}

export function createStore(): Store {
  const listeners = new Set<() => void>();
  let page: Page = { connection: { kind: 'connecting' }, overview: undefined, history: new History(), events: [] };
  let following: AbortController | undefined;

  function show(change: Partial<Page>): void {
    page = { ...page, ...change };
    for (const listener of listeners) listener();
  }

  function follow(): void {
    following?.abort();
    following = new AbortController();
    show({ events: [] });
    const onEvents = (events: ServerEventWire[]) => {
      const known = new Set(page.events.map(({ id }) => id));
      const fresh = events.filter(({ id, message }) => message !== undefined && !known.has(id));
      show({ events: [...fresh.reverse(), ...page.events].slice(0, MOST_EVENTS) });
    };
    void followEvents(onEvents, following.signal);
  }

  async function look(): Promise<void> {
    try {
      const overview = await askJson<OverviewWire>('api/v1/overview');
      page.history.add(overview);
      if (following === undefined) follow();
      show({ overview, connection: { kind: 'live' } });
    } catch (error) {
      show({ connection: failedLook(page.connection, error) });
    }
  }

  async function keepLooking(): Promise<void> {
    for (;;) {
      const startedAt = performance.now();
      if (page.connection.kind !== 'token') await look();
      await new Promise((resolve) => setTimeout(resolve, Math.max(100, LOOK_MS - (performance.now() - startedAt))));
    }
  }

  return {
    page: () => page,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start: () => void keepLooking(),
    signIn(token) {
      keepToken(token);
      following?.abort();
      following = undefined;
      show({ connection: { kind: 'connecting' } });
      void look();
    },
    signOut() {
      keepToken('');
      following?.abort();
      following = undefined;
      show({ connection: { kind: 'token', wrong: false } });
    },
    look,
  };
}

function failedLook(before: Connection, error: unknown): Connection {
  if (error instanceof ApiError && error.status === 401) {
    return { kind: 'token', wrong: readToken() !== '' };
  }
  const since = before.kind === 'lost' ? before.since : Date.now();
  return { kind: 'lost', since, reason: (error as Error).message };
}

/** The page as it is now; draws again when it changes. */
export function usePage(store: Store): Page {
  const [page, setPage] = useState(store.page());
  useEffect(() => store.subscribe(() => setPage(store.page())), [store]);
  return page;
}
