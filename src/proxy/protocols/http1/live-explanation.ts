import type { EndpointExplanation, PickExplanation } from '../../../control/picker/explanation.ts';
import type { PickRequest } from '../../../core/kernel/policy.ts';
import type { LiveExplain, LiveRequestExplanation, RequestExplanation, TryExplanation } from '../../explanation.ts';
import type { RouteOptions } from '../../listener-options.ts';
import { explainRoutes } from '../../routing/explain-routes.ts';
import { answerOf } from './explain.ts';
import type { RequestHead } from './request-head.ts';
import type { TryRecord } from './request-record.ts';

/** Many a client and proxy has no more than 4 KiB for a head. */
const MOST_BYTES = 3072;

/** Collects for a request what is said of a described one: of the picks that are made for it. */
export class LiveExplanation {
  readonly #listener: string;
  readonly #explain: LiveExplain;
  readonly #clientIp: string;
  #found: Omit<RequestExplanation, 'clientIp' | 'pick' | 'pool'> = { routes: [] };
  #pool: string | undefined;
  #key = '';
  #cost = 1;
  #pick: PickExplanation | undefined;
  readonly #picks = new Map<TryRecord, PickExplanation>();

  constructor(listener: string, explain: LiveExplain, clientIp: string) {
    this.#listener = listener;
    this.#explain = explain;
    this.#clientIp = clientIp;
  }

  /** `index` −1: no route matches. */
  routed(head: RequestHead, all: readonly RouteOptions[], index: number): void {
    const routes = explainRoutes(all, head);
    const route = all[index];
    if (route === undefined) this.#found = { routes };
    else if (route.pool === undefined && route.pools === undefined) {
      this.#found = { routes, route: index, answer: answerOf(route, head) };
    } else this.#found = { routes, route: index, ...(route.pools && { pools: route.pools }) };
  }

  /** The next pick, by a dry run, of an endpoint of `pool`. */
  picking(pool: string, pick: PickExplanation, { key, cost }: PickRequest): void {
    this.#pool = pool;
    this.#pick = pick;
    this.#key = key;
    this.#cost = cost;
  }

  /** A try sets out to who was picked last. */
  began(each: TryRecord): void {
    if (this.#pick !== undefined) this.#picks.set(each, this.#pick);
  }

  /** For the head of the answer, its end included. */
  line(tries: readonly TryRecord[], traceId: string | undefined): string {
    const { worker } = this.#explain;
    return `X-Equipoise-Explain: ${fitting({
      ...{ listener: this.#listener, listenerReason: 'the request came there' },
      ...(worker !== undefined && { worker }),
      ...(traceId !== undefined && { traceId }),
      clientIp: this.#clientIp,
      ...this.#found,
      ...(this.#pool !== undefined && { pool: this.#pool }),
      ...(this.#key !== '' && { key: this.#key }),
      ...(this.#pick !== undefined && { cost: this.#cost, pick: this.#pickOf(tries) }),
      tries: tries.map(explainTry),
    })}\r\n`;
  }

  /** Of who answers now; where nobody does, of the last one that was asked, or why nobody was. A dry run of a policy with a memory may differ from its pick. */
  #pickOf(tries: readonly TryRecord[]): PickExplanation {
    const answering = tries.find(({ status, endedMs }) => status > 0 && endedMs < 0);
    if (answering === undefined && this.#pick!.none !== undefined) return this.#pick!;
    const last = answering ?? tries.at(-1);
    const pick = last && this.#picks.get(last);
    return pick === undefined ? this.#pick! : { ...pick, endpoint: last!.endpoint };
  }
}

function explainTry({
  endpoint,
  status,
  failure,
  isHedge,
  firstByteMs,
  startedMs,
  endedMs,
}: TryRecord): TryExplanation {
  const ms = firstByteMs >= 0 ? firstByteMs : endedMs < 0 ? -1 : endedMs - startedMs;
  return {
    endpoint,
    ...(status > 0 && { status }),
    ...(failure !== null && { failure }),
    ...(ms >= 0 && { ms: Math.round(ms * 1000) / 1000 }),
    ...(isHedge && { hedge: true }),
  };
}

/** As JSON in visible ASCII: the fullest version that there is room for. */
function fitting(record: LiveRequestExplanation): string {
  for (const version of versions(record)) {
    const text = asciiJson(version);
    if (text.length <= MOST_BYTES) return text;
  }
  return asciiJson({ omitted: 1 });
}

/** Shorter and shorter: without the endpoints that have least to do with it, then without the routes that did not match. */
function* versions(record: LiveRequestExplanation): Generator<object> {
  const { pick, routes, tries, listener, listenerReason, clientIp, pool } = record;
  yield record;
  const all = pick?.endpoints ?? [];
  if (pick !== undefined) {
    for (let most = Math.floor(all.length / 2); most > 0; most = Math.floor(most / 2)) {
      yield { ...record, pick: { ...pick, endpoints: nearest(all, most, record) }, omitted: all.length - most };
    }
    const bare = { ...record, pick: { ...pick, endpoints: [] }, ...(all.length > 0 && { omitted: all.length }) };
    yield bare;
    yield { ...bare, routes: routes.slice(-1) };
  }
  yield { listener, listenerReason, clientIp, pool, routes: [], tries: tries.slice(-4), omitted: 1 };
}

/** Those that were tried before all others; in the order they joined, as in any other explanation. */
function nearest(
  all: readonly EndpointExplanation[],
  most: number,
  { pick, tries }: LiveRequestExplanation,
): readonly EndpointExplanation[] {
  const tried = new Set([pick?.endpoint, ...tries.map(({ endpoint }) => endpoint)]);
  const ordered = [...all.filter(({ id }) => tried.has(id)), ...all.filter(({ id }) => !tried.has(id))];
  const shown = new Set(ordered.slice(0, most));
  return all.filter((each) => shown.has(each));
}

function asciiJson(value: object): string {
  return JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
