import type { Config } from '../config/config.ts';
import type { MemberSnapshot } from '../control/membership/snapshot.ts';
import type { EndpointAddress, EndpointOptions, Health } from '../control/pool-options.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { SocketAddress } from '../transport/transport.ts';
import { type Explained, type ExplainRequest, type NotExplained, reach } from './explain.ts';
import type { FrontDeps } from './front.ts';
import { createPoolPicker, type PoolPicker, type PoolPickerDeps } from './pool-picker.ts';

/**
 * Explains a request by a configuration alone, as a program would treat it that has just started: nobody was checked,
 * nothing is in flight or learned. Nothing is bound, connected or looked up; a host name is taken to have an address.
 *
 * Errors  rejects with `config-invalid` when a module or database of a pool cannot be had.
 */
export async function explainConfig(
  config: Config,
  request: ExplainRequest,
  deps: Omit<FrontDeps, 'emit'> & Omit<PoolPickerDeps, 'emit'>,
): Promise<Explained | NotExplained> {
  const addressed = Object.entries(config.listeners).flatMap(([name, { protocol, bind }]) =>
    bind.map((address) => ({ name, protocol, address })),
  );
  const reached = reach(request, addressed);
  if ('problem' in reached) return reached;
  const { listener, reason, described } = reached;
  const options = config.listeners[listener]!;
  const pools = new Map<string, PoolPicker>();
  for (const [name, pool] of Object.entries(config.pools)) {
    const picker = await createPoolPicker(name, pool, { ...deps, emit: () => {} });
    picker.apply({ kind: 'snapshot', version: 1, endpoints: pool.endpoints.map(memberOf(pool.health?.initial)) });
    pools.set(name, picker);
  }
  const { protocols, counters } = deps;
  const protocol = protocols.get(options.protocol === 'http' ? 'http1' : options.protocol);
  const { sources: _, ...own } = deps;
  const runtime = protocol?.create(listener, options, {
    ...own,
    pools,
    listenerMetrics: counters.listener(listener),
    poolMetrics: (pool) => counters.pool(listener, pool),
    onError: () => {},
  });
  const explanation = runtime?.explain?.(described);
  if (explanation === undefined) throw new EquipoiseError('config-invalid', `no explanation for ${options.protocol}`);
  return { listener, listenerReason: reason, ...explanation };
}

const memberOf =
  (initial: Health = 'unknown') =>
  ({ address, ...endpoint }: EndpointOptions, index: number): MemberSnapshot => ({
    ...endpoint,
    key: index,
    slot: index,
    maxConnections: endpoint.maxConnections ?? Number.POSITIVE_INFINITY,
    health: initial,
    addresses: [addressOf(address)],
  });

const addressOf = (address: EndpointAddress): SocketAddress =>
  address.kind === 'loopback' ? { kind: 'tcp', host: '127.0.0.1', port: address.port } : address;
