import { isIpAddress } from '../../transport/address.ts';
import type { SocketAddress } from '../../transport/transport.ts';
import type { EndpointAddress } from '../pool-options.ts';

/** An address as people write it: `10.0.0.1:80`, `[::1]:80`, `localhost:3000` for a bare port, `unix:/run/x.sock`. */
export function formatAddress(address: EndpointAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  if (address.kind === 'loopback') return `localhost:${address.port}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** What a check names in `Host`; an address without a host is `localhost`. */
export function authorityOf(address: EndpointAddress): string {
  return address.kind === 'unix' ? 'localhost' : formatAddress(address);
}

/** The name to resolve, or null when the address is known without. */
export function hostToResolve(address: EndpointAddress): string | null {
  return address.kind === 'tcp' && !isIpAddress(address.host) ? address.host : null;
}

/** Where to connect, in order, when `hosts` are what the address's name resolved to. */
export function socketAddresses(address: EndpointAddress, hosts: readonly string[]): readonly SocketAddress[] {
  if (address.kind === 'unix') return [address];
  return hostsOf(address, hosts).map((host) => ({ kind: 'tcp', host, port: address.port }));
}

function hostsOf(address: Exclude<EndpointAddress, { kind: 'unix' }>, hosts: readonly string[]): readonly string[] {
  if (address.kind === 'loopback') return ['127.0.0.1', '::1'];
  return isIpAddress(address.host) ? [address.host] : hosts;
}
