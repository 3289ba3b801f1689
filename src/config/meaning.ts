import type { SocketAddress } from '../transport/transport.ts';
import { formatAddress, readSocketAddress } from './addresses.ts';
import { Findings } from './findings.ts';
import { checkPolicy } from './policy-meaning.ts';
import { checkPool } from './pool-meaning.ts';
import type { Finding, Path } from './problem.ts';
import { entriesOf, fieldOf, listOf } from './raw.ts';
import { isMisread } from './reading.ts';
import { checkRoles } from './role-meaning.ts';
import { checkListener } from './route-meaning.ts';
import { checkTcpPools } from './tcp-pools.ts';

/**
 * Checks what spans several keys: names, references, addresses taken twice, routes and pools that cannot work. It reads
 * the input rather than the schema's output, so that one wrong key does not hide these, and it passes over whatever
 * the schema refuses anyway. Files that it names are looked for beside `fileName`.
 */
export function checkMeaning(
  file: unknown,
  fileName: string,
): { problems: readonly Finding[]; warnings: readonly Finding[] } {
  const found = new Findings();
  const listeners = entriesOf(fieldOf(file, 'listeners'));
  const pools = entriesOf(fieldOf(file, 'pools'));
  checkNames(found, file);
  checkAddresses(found, file);
  if (fieldOf(file, 'listeners') !== undefined && listeners.length === 0) {
    found.problem(['listeners'], 'nothing listens', 'add a listener');
  }
  const used = new Set<string>();
  const poolNames = pools.map(([name]) => name);
  for (const [name, listener] of listeners) checkListener(found, ['listeners', name], listener, poolNames, used);
  checkRoles(found, file);
  for (const [name, pool] of pools) {
    checkPool(found, ['pools', name], pool);
    checkPolicy(found, ['pools', name, 'policy'], fieldOf(pool, 'policy'), fileName);
    if (!used.has(name)) found.warning(['pools', name], 'no route leads to this pool');
  }
  checkTcpPools(found, listeners, pools);
  return found;
}

/** Names appear in metrics, in addresses of the admin API and on command lines as `<pool>/<endpoint>`. */
function checkNames(found: Findings, file: unknown): void {
  for (const section of ['listeners', 'pools']) {
    for (const [name] of entriesOf(fieldOf(file, section))) {
      if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) continue;
      found.problem([section, name], `"${name}" is not a name`, 'use up to 63 letters, digits, ".", "_" and "-"');
    }
  }
}

interface Bound {
  readonly path: Path;
  readonly address: SocketAddress;
}

function checkAddresses(found: Findings, file: unknown): void {
  const bound = boundAddresses(file);
  const exact = new Map<string, Bound>();
  for (const each of bound) {
    const key = formatAddress(each.address).toLowerCase();
    const first = exact.get(key);
    if (first === undefined) exact.set(key, each);
    else found.problem(each.path, `${key} is taken already by ${nameOfOwner(first.path)}`, 'choose another port');
  }
  checkWildcards(found, [...exact.values()]);
}

/** Linux refuses 127.0.0.1:80 beside 0.0.0.0:80 unless both sockets share the port, which other systems do not do. */
function checkWildcards(found: Findings, bound: readonly Bound[]): void {
  const wide = bound.filter((each) => isWildcard(each.address));
  for (const { path, address } of bound) {
    const other = wide.find((each) => each.address !== address && covers(each.address, address));
    if (other === undefined) continue;
    found.warning(path, `${formatAddress(other.address)} of ${nameOfOwner(other.path)} covers this address too`);
  }
}

/** `[::]` takes IPv4 as well; 0.0.0.0 takes nothing of IPv6. */
function covers(wildcard: SocketAddress, address: SocketAddress): boolean {
  if (wildcard.kind !== 'tcp' || address.kind !== 'tcp' || wildcard.port !== address.port) return false;
  return wildcard.host === '::' || !address.host.includes(':');
}

function boundAddresses(file: unknown): Bound[] {
  const written: [Path, unknown][] = [[['admin', 'bind'], fieldOf(fieldOf(file, 'admin'), 'bind')]];
  for (const [name, listener] of entriesOf(fieldOf(file, 'listeners'))) {
    const bind = fieldOf(listener, 'bind');
    const path = ['listeners', name, 'bind'];
    if (Array.isArray(bind)) for (const [index, each] of listOf(bind).entries()) written.push([[...path, index], each]);
    else written.push([path, bind]);
  }
  return written.flatMap(([path, value]) => {
    const reading = readSocketAddress(value);
    // Port 0 is a different port each time.
    const usable = !isMisread(reading) && portOf(reading.value) !== 0;
    return usable ? [{ path, address: reading.value }] : [];
  });
}

/** −1 for unix sockets, which share a port with nothing. */
const portOf = (address: SocketAddress): number => (address.kind === 'tcp' ? address.port : -1);

const isWildcard = (address: SocketAddress): boolean =>
  address.kind === 'tcp' && (address.host === '0.0.0.0' || address.host === '::');

const nameOfOwner = (path: Path): string => (path[0] === 'admin' ? 'admin' : `listener "${path[1]}"`);
