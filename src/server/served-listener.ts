import { isDeepStrictEqual } from 'node:util';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { ListenerOptions } from '../proxy/listener-options.ts';
import type { ProtocolRuntime, ProxyPool } from '../proxy/protocols/protocol.ts';
import type { Listener, SocketAddress } from '../transport/transport.ts';
import { openConnections } from './connection-total.ts';
import type { FrontDeps } from './front.ts';
import type { Watchers } from './watchers.ts';

/** A listener at work, bound to each of its addresses. */
export interface ServedListener {
  readonly name: string;
  readonly options: ListenerOptions;
  readonly runtime: ProtocolRuntime;
  /** In the order of `options.bind`. */
  readonly sockets: readonly Listener[];
}

/** What of it others may know. */
export interface BoundListener {
  readonly name: string;
  readonly protocol: string;
  /** With the real port where 0 was asked for. */
  readonly address: SocketAddress;
  /** Whom its routes lead to. */
  readonly pools: readonly string[];
}

/** The socket that listens on an address, whose port may be the real one or open as in the configuration. */
export function socketOf(served: ServedListener | undefined, address: SocketAddress, at: number): Listener | undefined {
  if (served === undefined) return undefined;
  const { sockets, options } = served;
  const isThat = (index: number) =>
    isDeepStrictEqual(options.bind[index], address) || isDeepStrictEqual(sockets[index]?.address, address);
  // At its own place first: two addresses with an open port look the same.
  return isThat(at) ? sockets[at] : sockets.find((_, index) => isThat(index));
}

/** What a listener does with its connections. Throws `config-invalid` where nobody speaks its protocol. */
export function createRuntime(
  name: string,
  options: ListenerOptions,
  pools: ReadonlyMap<string, ProxyPool>,
  deps: FrontDeps,
  watchers: Watchers,
): ProtocolRuntime {
  const { transport, timers, descriptors, clock, rng, counters, emit, sources, elsewhere } = deps;
  // `http` is what is configured; HTTP/1.1 is the version of it that is spoken.
  const protocol = deps.protocols.get(options.protocol === 'http' ? 'http1' : options.protocol);
  if (protocol === undefined) {
    throw new EquipoiseError('config-invalid', `listener ${name}: no protocol "${options.protocol}"`);
  }
  return protocol.create(name, options, {
    transport,
    timers,
    descriptors,
    clock,
    rng,
    pools,
    listenerMetrics: counters.listener(name),
    connections: openConnections(name, counters, elsewhere),
    poolMetrics: (pool) => counters.pool(name, pool),
    onError: (error) => emit({ kind: 'exception', listener: name, error }),
    ...(sources && { sources: sources(name) }),
    ...watchers,
  });
}

/** For people: one for each of its addresses. */
export function describeListener({ name, options, sockets }: ServedListener): BoundListener[] {
  const pools = [...poolsOf(options)];
  return sockets.map(({ address }) => ({ name, protocol: options.protocol, address, pools }));
}

/** By listener, the pools that its routes lead to. */
export const configuredPools = (
  listeners: Readonly<Record<string, ListenerOptions>>,
): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(Object.entries(listeners).map(([name, options]) => [name, poolsOf(options)]));

function poolsOf({ routes }: ListenerOptions): ReadonlySet<string> {
  const pools = routes.flatMap((route) => [route.pool, ...(route.pools ?? []).map((each) => each.pool)]);
  return new Set(pools.filter((pool) => pool !== undefined));
}
