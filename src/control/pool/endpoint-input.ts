import type { Location } from '../../core/kernel/endpoint.ts';
import { formatSocketAddress, parseSocketAddress } from '../../transport/address.ts';
import type { EndpointAddress, EndpointOptions, Mode, Role } from '../pool-options.ts';
import { checkChoice, checkKeys, checkNumber, checkText, nameOf, refuse } from './refuse.ts';

/**
 * An endpoint as a program gives it: its address alone, or with what else is known of it. An address is `10.0.0.1:80`,
 * `[::1]:80`, `name:80`, a bare port of this machine (`3000`), `unix:/run/app.sock`, or an origin (`https://name`).
 */
export type EndpointInput = string | number | EndpointFields;

/** An endpoint's address, and what else is known of it. */
export interface EndpointFields {
  readonly address: string | number;
  /** Unique in the pool. Default: the address as written. */
  readonly id?: string;
  /** Proportion, 0 to 65535; 0 receives no pick. Default 1. */
  readonly weight?: number;
  /** Failure domain. */
  readonly zone?: string;
  readonly location?: Location;
  /** Picks in flight never pass this; a whole number of at least 1. Absent: no limit. */
  readonly maxConnections?: number;
  /** Serves only when no other endpoint can. Default false. */
  readonly backup?: boolean;
  /** For picks that ask for one; what a check reports wins. */
  readonly role?: Role;
  /** Default `ready`. */
  readonly mode?: Mode;
}

/** An endpoint as read: what membership wants, and what a program connects to. */
export interface ReadEndpoint {
  readonly options: EndpointOptions;
  /** `10.0.0.1:80`, `[::1]:80`, `name:80`, `unix:/run/app.sock`. */
  readonly address: string;
  /** `http://10.0.0.1:80`; a unix socket's is `http://localhost`. */
  readonly origin: string;
}

const KEYS = ['id', 'address', 'weight', 'zone', 'location', 'maxConnections', 'backup', 'role', 'mode'];
const ROLES: readonly Role[] = ['primary', 'replica'];
const MODES: readonly Mode[] = ['ready', 'draining', 'maintenance'];
export const GREATEST_WEIGHT = 65_535;

/** Reads a pool's endpoints. Throws `config-invalid`, naming endpoint, key and fix; also when an id is repeated. */
export function readEndpoints(inputs: readonly EndpointInput[]): ReadEndpoint[] {
  if (!Array.isArray(inputs)) refuse('endpoints', `is ${nameOf(inputs)}`, "write a list, such as ['10.0.0.1:80']");
  const byId = new Map<string, number>();
  return inputs.map((input: EndpointInput, index) => {
    const read = readEndpoint(input, `endpoints[${index}]`);
    const earlier = byId.get(read.options.id);
    if (earlier !== undefined) {
      refuse(`endpoints[${index}]`, `has the id "${read.options.id}" of endpoints[${earlier}]`, 'give each its own id');
    }
    byId.set(read.options.id, index);
    return read;
  });
}

function readEndpoint(input: EndpointInput, where: string): ReadEndpoint {
  const given = typeof input === 'string' || typeof input === 'number' ? { address: input } : input;
  checkKeys(where, given, KEYS);
  checkFields(given, where);
  const { address, origin } = readAddress(given.address, where);
  const { id = String(given.address), weight = 1, backup = false, mode = 'ready' } = given;
  const { zone, location, maxConnections, role } = given;
  const options = {
    ...{ id, address, weight, backup, mode },
    ...(zone !== undefined && { zone }),
    ...(location !== undefined && { location }),
    ...(maxConnections !== undefined && { maxConnections }),
    ...(role !== undefined && { role }),
  };
  return { options, address: textOf(address), origin };
}

function checkFields(
  { id, weight, zone, location, maxConnections, backup, role, mode }: EndpointFields,
  where: string,
): void {
  if (id !== undefined) checkText(`${where}.id`, id);
  if (zone !== undefined) checkText(`${where}.zone`, zone);
  if (weight !== undefined) checkNumber(`${where}.weight`, weight, 0, GREATEST_WEIGHT);
  if (maxConnections !== undefined) {
    checkNumber(`${where}.maxConnections`, maxConnections, 1, Number.POSITIVE_INFINITY);
  }
  if (location !== undefined) {
    checkKeys(`${where}.location`, location, ['latitude', 'longitude']);
    checkNumber(`${where}.location.latitude`, location.latitude, -90, 90);
    checkNumber(`${where}.location.longitude`, location.longitude, -180, 180);
  }
  if (backup !== undefined && typeof backup !== 'boolean') refuse(`${where}.backup`, `is ${nameOf(backup)}`);
  if (role !== undefined) checkChoice(`${where}.role`, role, ROLES);
  if (mode !== undefined) checkChoice(`${where}.mode`, mode, MODES);
}

interface ReadAddress {
  readonly address: EndpointAddress;
  readonly origin: string;
}

function readAddress(given: unknown, where: string): ReadAddress {
  const text = typeof given === 'number' ? String(given) : given;
  if (typeof text !== 'string') refuse(`${where}.address`, `is ${nameOf(given)}`, 'write host:port or an origin');
  if (text.includes('://')) return readOrigin(text, where);
  const parsed = parseSocketAddress(text);
  if (!parsed.ok) refuse(where, `has no good address: ${parsed.problem}`);
  const { address } = parsed;
  if (address.kind === 'unix') return { address, origin: 'http://localhost' };
  if (address.port === 0) refuse(where, `has no good address: "${text}" names no port`);
  const read: EndpointAddress = /^\d+$/.test(text) ? { kind: 'loopback', port: address.port } : address;
  return { address: read, origin: `http://${textOf(read)}` };
}

/** `http://name`, `https://name:8443/`: nothing but scheme, host and port. */
function readOrigin(text: string, where: string): ReadAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    refuse(where, `has no good address: "${text}"`, 'write http://host:port, https://host:port or host:port');
  }
  const rest = url.pathname === '/' ? url.username + url.password + url.search + url.hash : url.pathname;
  if (rest !== '') refuse(where, `has no good address: "${text}" is more than an origin`, `write "${url.origin}"`);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { address: { kind: 'tcp', host, port }, origin: url.origin };
}

function textOf(address: EndpointAddress): string {
  return address.kind === 'loopback' ? `localhost:${address.port}` : formatSocketAddress(address);
}
