import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import type { Reader, Response } from 'mmdb-lib';
import type { Location } from '../../core/kernel/endpoint.ts';

/** Where a client is; undefined when that is not known. */
export type Locate = (clientIp: string) => Location | undefined;

export type OpenedDatabase =
  | { readonly locate: Locate }
  | { /** What is wrong with it. */ readonly problem: string; readonly fix: string };

/** So much is kept: the answers to clients, who send more than one request, and the parts that records share, names for one. */
const KEPT = 4096;

/**
 * Opens a MaxMind DB file, such as GeoLite2 City, and reads it into memory as a whole. Its reader is loaded with the first.
 *
 * Source  "MaxMind DB File Format Specification", 2.0; what is read is `location.latitude` and `location.longitude`.
 */
export function openDatabase(path: string): OpenedDatabase {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read: ${message}`;
    return { problem, fix: 'name a MaxMind DB file (.mmdb), GeoLite2 City for one' };
  }
  return readDatabase(path, bytes);
}

function readDatabase(path: string, bytes: Buffer): OpenedDatabase {
  let library: typeof import('mmdb-lib');
  try {
    library = createRequire(import.meta.url)('mmdb-lib') as typeof library;
  } catch {
    return { problem: 'the package mmdb-lib, which reads it, is not installed', fix: 'npm install mmdb-lib' };
  }
  try {
    const reader = new library.Reader<Response>(bytes, { cache: new Kept<string | number, unknown>() });
    if (!(reader.metadata.nodeCount > 0)) throw new Error('it has no tree');
    return { locate: keepingLatest((clientIp) => find(reader, clientIp)) };
  } catch {
    return { problem: `${path} is not a MaxMind DB file`, fix: 'download it again; unpack it if it is an archive' };
  }
}

function find(reader: Reader<Response>, clientIp: string): Location | undefined {
  // A system that listens on both families shows IPv4 clients so.
  const ip = clientIp.startsWith('::ffff:') && clientIp.includes('.') ? clientIp.slice(7) : clientIp;
  const family = isIP(ip);
  if (family === 0 || (family === 6 && reader.metadata.ipVersion === 4)) return undefined;
  try {
    return locationOf(reader.get(ip));
  } catch {
    // A damaged record must not cost a request.
    return undefined;
  }
}

function locationOf(record: unknown): Location | undefined {
  const { latitude, longitude } = (record as { location?: Partial<Location> } | null)?.location ?? {};
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return undefined;
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined;
}

function keepingLatest(locate: Locate): Locate {
  const kept = new Kept<string, Location | undefined>();
  return (clientIp) => {
    const known = kept.get(clientIp);
    if (known !== undefined || kept.has(clientIp)) return known;
    const location = locate(clientIp);
    kept.set(clientIp, location);
    return location;
  };
}

/** Begins anew when it is full. */
class Kept<K, V> extends Map<K, V> {
  override set(key: K, value: V): this {
    if (this.size >= KEPT) this.clear();
    return super.set(key, value);
  }
}

/** The database that a policy's options name, themselves or in what they wrap. */
export function databaseOf(policy: unknown): string | undefined {
  if (typeof policy !== 'object' || policy === null) return undefined;
  const { database, policy: wrapped } = policy as { readonly database?: unknown; readonly policy?: unknown };
  return typeof database === 'string' ? database : databaseOf(wrapped);
}
