import { basename } from 'node:path';
import type { Config } from '../config/config.ts';
import type { BoundListener, RunningServer } from '../server/server.ts';
import { formatSocketAddress } from '../transport/address.ts';
import type { SocketAddress } from '../transport/transport.ts';

/** One line per address: `listening web http://127.0.0.1:8080 → pools: main (3 endpoints, adaptive)`. */
export function announce(config: Config, { listeners }: RunningServer, admin: SocketAddress | undefined): string {
  const lines = listeners.map((each) => `listening ${each.name} ${listenerUrl(each)} → ${destination(each, config)}\n`);
  if (admin !== undefined)
    lines.push(`listening admin ${addressUrl('http', admin)} → dashboard, /livez, /readyz, /metrics\n`);
  return lines.join('');
}

/** For whoever has just started it by hand: what to try, where to look, how to end it. */
export function firstSteps({ listeners }: RunningServer, admin: SocketAddress | undefined): string {
  const [first] = listeners;
  const tries =
    first?.protocol === 'http' && first.address.kind === 'tcp' ? [`try: curl -i ${listenerUrl(first)}/`] : [];
  const page = admin === undefined ? 'with --admin 9900' : `${addressUrl('http', admin)}/`;
  return `  ${[...tries, `dashboard: ${page}`, 'Ctrl-C ends'].join('   ')}\n`;
}

export const listenerUrl = ({ protocol, address }: BoundListener): string => addressUrl(protocol, address);

function addressUrl(scheme: string, address: SocketAddress): string {
  return address.kind === 'unix' ? formatSocketAddress(address) : `${scheme}://${formatSocketAddress(address)}`;
}

function destination({ pools }: BoundListener, config: Config): string {
  if (pools.length === 0) return 'no pool';
  const described = pools.map((name) => {
    const { endpoints, policy } = config.pools[name]!;
    return `${name} (${endpoints.length} ${endpoints.length === 1 ? 'endpoint' : 'endpoints'}, ${policyName(policy)})`;
  });
  return `pools: ${described.join(', ')}`;
}

const policyName = (policy: Config['pools'][string]['policy']): string =>
  'module' in policy ? basename(policy.module) : policy.type;
