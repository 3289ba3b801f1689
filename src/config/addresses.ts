import { isIP, isIPv6 } from 'node:net';
import type { EndpointAddress } from '../control/pool-options.ts';
import { hideUrlSecrets } from '../core/kernel/url-secrets.ts';
import type { SocketAddress } from '../transport/transport.ts';
import { isMisread, misread, nameOf, type Reading } from './reading.ts';

/** `127.0.0.1:8080`, `[::1]:8080`, `name:8080` or `unix:/run/x.sock`. Port 0 asks for any free one. */
export function readSocketAddress(value: unknown): Reading<SocketAddress> {
  if (typeof value !== 'string') return noText(value, 'an address', barePortFix(value));
  if (value.startsWith('unix:')) return readUnixPath(value);
  if (/^\*?:?\d+$/.test(value)) return misread(`"${value}" has no address`, barePortFix(value));
  return readHostAndPort(value, 0);
}

/** Also a bare port, number or text, which means the loopback address. Port 0 is refused. */
export function readEndpointAddress(value: unknown): Reading<EndpointAddress> {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))) {
    const port = readPort(String(value), 1);
    return isMisread(port) ? port : { value: { kind: 'loopback', port: port.value } };
  }
  if (typeof value !== 'string') return noText(value, 'an address', 'write host:port, a port or unix:/path');
  if (value.startsWith('unix:')) return readUnixPath(value);
  return readHostAndPort(value, 1);
}

/** The inverse of `readSocketAddress` and `readEndpointAddress`. */
export function formatAddress(address: SocketAddress | EndpointAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  if (address.kind === 'loopback') return String(address.port);
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** True where only programs on this machine can connect. */
export function isLoopback(address: SocketAddress): boolean {
  if (address.kind === 'unix') return true;
  const host = address.host.toLowerCase();
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A network, `10.0.0.0/8` or `fd00::/8`; a lone address is the network of just itself. */
export function readNetwork(value: string): Reading<string> {
  const parts = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(value);
  const address = parts?.[1] ?? '';
  const family = address.includes('%') ? 0 : isIP(address);
  if (family === 0) return misread(`"${value}" is not a network`, 'write 10.0.0.0/8 or fd00::/8');
  const bits = family === 4 ? 32 : 128;
  const prefix = Number(parts?.[2] ?? bits);
  if (prefix > bits) return misread(`"${value}" has a prefix above ${bits}`);
  return { value: `${address}/${prefix}` };
}

/** An IP address, a host name, or a bracketed IPv6 address; the brackets are dropped. */
function readHost(host: string): Reading<string> {
  if (host.startsWith('[')) {
    const inside = host.endsWith(']') ? host.slice(1, -1) : '';
    return isIPv6(inside) ? { value: inside } : misread(`"${host}" is not an IPv6 address`);
  }
  if (isIP(host) === 4 || isHostName(host)) return { value: host };
  return misread(`"${host}" is neither an IP address nor a host name`);
}

/** Letters, digits, `-` and `_` in labels of up to 63; the last is no number, as that would be an IPv4 address gone wrong. */
export function isHostName(host: string): boolean {
  const labels = (host.endsWith('.') ? host.slice(0, -1) : host).split('.');
  if (host.length > 253 || /^\d+$/.test(labels.at(-1)!)) return false;
  return labels.every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
}

function readHostAndPort(text: string, leastPort: number): Reading<{ kind: 'tcp'; host: string; port: number }> {
  const scheme = /^([a-z]+):\/\//.exec(text);
  if (scheme !== null) {
    const bare = text
      .slice(scheme[0].length)
      .replace(/[/?#].*$/s, '')
      .replace(/^.*@/s, '');
    // Here, since a quote in it would end the quotation.
    return misread(`"${hideUrlSecrets(text)}" is a URL, not an address`, `write "${bare}"`);
  }
  if (isIPv6(text)) return misread(`"${text}" has no port`, `write "[${text}]:8080"`);
  const colon = text.lastIndexOf(':');
  if (colon < 0) return misread(`"${text}" has no port`, `write "${text}:8080"`);
  const [hostText, portText] = [text.slice(0, colon), text.slice(colon + 1)];
  if (isIPv6(hostText)) return misread(`"${text}" is ambiguous`, `write "[${hostText}]:${portText}"`);
  const host = readHost(hostText);
  if (isMisread(host)) return host;
  const port = readPort(portText, leastPort);
  return isMisread(port) ? port : { value: { kind: 'tcp', host: host.value, port: port.value } };
}

function readPort(text: string, least: number): Reading<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= least && port <= 65_535) return { value: port };
  return misread(`"${text}" is not a port`, `write a number from ${least} to 65535`);
}

function readUnixPath(text: string): Reading<{ kind: 'unix'; path: string }> {
  const path = text.slice('unix:'.length);
  if (path === '' || path.includes('\0')) return misread(`"${text}" names no socket`, 'write unix:/run/app.sock');
  // sun_path holds 108 bytes with the closing NUL (unix(7)).
  if (Buffer.byteLength(path) > 107) return misread('the path of a unix socket has at most 107 bytes');
  return { value: { kind: 'unix', path } };
}

function barePortFix(value: unknown): string {
  const port = /\d+/.exec(String(value))?.[0] ?? '8080';
  return `write "0.0.0.0:${port}" for every address or "127.0.0.1:${port}" for this machine only`;
}

const noText = (value: unknown, wanted: string, fix: string) =>
  misread(`expected ${wanted}, found ${nameOf(value)}`, fix);
