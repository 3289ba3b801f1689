import { BlockList, isIP } from 'node:net';
import type { SourceCounter } from './shared-sources.ts';

/**
 * What depends only on where a connection comes from, made once per address and shared by its connections:
 * whether its forwarding headers are believed, and the bytes that we add to its requests.
 */
export interface ClientSource {
  /** As the socket gives it. */
  readonly address: string;
  /** Plain: IPv4 without `::ffff:`; empty for unix sockets. */
  readonly ip: string;
  readonly isTrusted: boolean;
  /** Connections open from here now, to this worker and to all of them; the second as of the last that came. */
  connections: number;
  total: number;
  /** The lines of an untrusted client: X-Forwarded-For, X-Real-IP, X-Forwarded-Proto, and the start of X-Forwarded-Host. */
  readonly forwardedLines: Buffer;
}

export const FORWARDED_HOST_NAME = 'X-Forwarded-Host: ';

/** The sources of one listener that have connections open. */
export class ClientSources {
  readonly #byAddress = new Map<string, ClientSource>();
  readonly #trusted: TrustedProxies;
  readonly #counter: SourceCounter | undefined;

  /** `counter` counts for all workers; absent where there is one. */
  constructor(trustedProxies: readonly string[], counter?: SourceCounter) {
    this.#trusted = new TrustedProxies(trustedProxies);
    this.#counter = counter;
  }

  /** The source for a peer's address as the socket gives it; counts a connection. */
  enter(address: string): ClientSource {
    let source = this.#byAddress.get(address);
    if (source === undefined) {
      source = makeSource(address, this.#trusted);
      this.#byAddress.set(address, source);
    }
    source.connections++;
    source.total = this.#counter?.enter(address) ?? source.connections;
    return source;
  }

  /** As `enter`, for no connection: nothing is counted or kept. */
  of(address: string): ClientSource {
    return this.#byAddress.get(address) ?? makeSource(address, this.#trusted);
  }

  leave(source: ClientSource): void {
    this.#counter?.leave(source.address);
    if (--source.connections > 0) return;
    // Of a listener whose trusted proxies changed, it is not known here.
    if (this.#byAddress.get(source.address) === source) this.#byAddress.delete(source.address);
  }

  /** The rightmost address in an X-Forwarded-For that is not a trusted proxy's; the peer's own when all are. */
  clientIp(forwardedFor: string, source: ClientSource): string {
    const addresses = forwardedFor.split(',');
    for (let i = addresses.length - 1; i >= 0; i--) {
      const address = addresses[i]!.trim();
      if (isIP(address) === 0) break;
      if (!this.#trusted.has(address)) return address;
    }
    return source.ip;
  }
}

/** The networks whose forwarding headers are believed. A unix socket's peer is trusted: the file's mode guards it. */
class TrustedProxies {
  readonly #networks = new BlockList();

  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', prefix] = network.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      this.#networks.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
    }
  }

  has(ip: string): boolean {
    return ip === '' || this.#networks.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4');
  }
}

function makeSource(address: string, trusted: TrustedProxies): ClientSource {
  const ip = address.startsWith('::ffff:') ? address.slice(7) : address;
  const own = ip === '' ? '' : `X-Forwarded-For: ${ip}\r\nX-Real-IP: ${ip}\r\n`;
  return {
    address,
    ip,
    isTrusted: trusted.has(ip),
    connections: 0,
    total: 0,
    forwardedLines: Buffer.from(`${own}X-Forwarded-Proto: http\r\n${FORWARDED_HOST_NAME}`, 'latin1'),
  };
}
