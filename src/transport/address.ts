import type { SocketAddress } from './transport.ts';

/** A parsed address, or what is wrong with the text, in words for the person who wrote it. */
export type ParsedSocketAddress =
  | { readonly ok: true; readonly address: SocketAddress }
  | { readonly ok: false; readonly problem: string };

/** Where a listener binds when only a port is given: loopback, so that nothing is exposed by omission. */
export const LOOPBACK = '127.0.0.1';

const NAME_LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/**
 * Reads `10.0.0.1:80`, `[::1]:80`, `name:80`, a bare port (`8080` and `:8080` mean 127.0.0.1:8080) or `unix:/path`.
 * Port 0 asks the kernel for a free one. Names are accepted here; `isIpAddress(host)` tells them apart.
 * A leading NUL in a unix path means Linux' abstract namespace. Never throws.
 */
export function parseSocketAddress(text: string): ParsedSocketAddress {
  if (text.startsWith('unix:')) return parseUnix(text.slice('unix:'.length));
  if (text.startsWith('[')) return parseBracketed(text);
  const colon = text.lastIndexOf(':');
  if (colon <= 0) return withPort(LOOPBACK, text.slice(colon + 1), text);
  const host = text.slice(0, colon);
  if (host.includes(':')) return problem(`"${text}": write an IPv6 address in brackets, such as [::1]:8080`);
  if (!isIpv4(host) && !isHostName(host)) return problem(`"${text}": "${host}" is neither an IP address nor a name`);
  return withPort(host, text.slice(colon + 1), text);
}

/** The text form that `parseSocketAddress` reads back to an equal address. */
export function formatSocketAddress(address: SocketAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** True for dotted-quad IPv4 and for IPv6 in any of its text forms, without brackets or zone. */
export function isIpAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text);
}

/** An address as people write it: `::ffff:192.0.2.1`, the form of IPv4 over a dual-stack listener, gives `192.0.2.1`. */
export function plainAddress(text: string): string {
  // Almost every address is plain IPv4, whose first character decides.
  if (text.charCodeAt(0) !== COLON) return text;
  if (!/^::ffff:/i.test(text)) return text;
  const rest = text.slice('::ffff:'.length);
  return isIpv4(rest) ? rest : text;
}

const COLON = 0x3a;

function parseUnix(path: string): ParsedSocketAddress {
  if (path === '' || path === '\0') return problem('unix: needs a path, such as unix:/run/equipoise.sock');
  if (path.indexOf('\0', 1) !== -1) return problem('unix: the path contains a NUL character');
  return { ok: true, address: { kind: 'unix', path } };
}

function parseBracketed(text: string): ParsedSocketAddress {
  const close = text.indexOf(']');
  const host = text.slice(1, close);
  if (close === -1 || !isIpv6(host)) return problem(`"${text}": no IPv6 address in the brackets`);
  if (text[close + 1] !== ':') return problem(`"${text}": the port is missing, write [${host}]:8080`);
  return withPort(host, text.slice(close + 2), text);
}

function withPort(host: string, portText: string, text: string): ParsedSocketAddress {
  if (portText === '') return problem(`"${text}": the port is missing`);
  if (!/^[0-9]+$/.test(portText)) return problem(`"${text}": "${portText}" is not a port; write host:port`);
  const port = Number(portText);
  if (port > 65535) return problem(`"${text}": port ${portText} is above 65535`);
  return { ok: true, address: { kind: 'tcp', host, port } };
}

function problem(text: string): ParsedSocketAddress {
  return { ok: false, problem: text };
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  // A leading zero is read as octal by some programs, so that one text would mean two addresses.
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  const dotted = last?.includes('.') ?? false;
  if (dotted && (!isIpv4(last ?? '') || text.endsWith('::'))) return false;
  const hexadecimal = dotted ? groups.slice(0, -1) : groups;
  if (!hexadecimal.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  const count = hexadecimal.length + (dotted ? 2 : 0);
  return halves.length === 2 ? count <= 7 : count === 8;
}

function isHostName(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name.length === 0 || name.length > 253) return false;
  const labels = name.split('.');
  // A name never ends in a number (RFC 1123, 2.1): that would be a mistyped address.
  return labels.every((label) => NAME_LABEL.test(label)) && !/^[0-9]+$/.test(labels.at(-1) ?? '');
}
