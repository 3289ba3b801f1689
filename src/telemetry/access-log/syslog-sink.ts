import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import type { Clock } from '../../core/kernel/clock.ts';
import { HostAddress, type Lookup } from './host-address.ts';
import type { BytesSink } from './line-memory.ts';
import type { OnFailure } from './line-writer.ts';

/** Facility local0, severity informational (RFC 5424, section 6.2.1). */
const PRIORITY = 16 * 8 + 6;

export interface SyslogDeps {
  readonly clock: Clock;
  /** The time of day. */
  readonly now: () => Date;
  readonly onFailure: OnFailure;
  /** Default: the system's. */
  readonly lookup?: Lookup;
}

/**
 * Sends each line as a message of RFC 5424 in a datagram of its own. What the network loses nobody counts; what cannot be sent,
 * as the host's name has no address, is lost and counted.
 */
export function syslogSink(host: string, port: number, { clock, now, onFailure, lookup }: SyslogDeps): BytesSink {
  const address = new HostAddress(host, clock, lookup);
  const framed = framing(now);
  let hasFailed = false;
  let isClosed = false;
  function fail(error: Error): void {
    if (!hasFailed) onFailure(`syslog at ${host}:${port}: ${error.message}`);
    hasFailed = true;
  }
  const sockets = createSockets(fail);
  function send(lines: readonly string[], ip: string, done: (lost: number) => void): void {
    let left = lines.length;
    let lost = 0;
    for (const line of lines) {
      sockets.to(ip).send(framed(line), port, ip, (error) => {
        if (error) {
          lost++;
          fail(error);
          address.doubt();
        } else hasFailed = false;
        if (--left === 0) done(lost);
      });
    }
  }
  return {
    write({ bytes, length }, done) {
      address.resolve((error, ip) => {
        const lines = Buffer.from(bytes.buffer, bytes.byteOffset, length - 1)
          .toString('utf8')
          .split('\n');
        if (error !== null) fail(error);
        // A batch that came behind the limit of the end has no socket.
        if (error !== null || isClosed) done(lines.length);
        else send(lines, ip, done);
      });
    },
    close() {
      isClosed = true;
      sockets.close();
    },
  };
}

/** Lines as messages of RFC 5424. */
function framing(now: () => Date): (line: string) => Buffer {
  const origin = `${hostname()} equipoise ${process.pid} access -`;
  return (line) => Buffer.from(`<${PRIORITY}>1 ${now().toISOString()} ${origin} ${line}`, 'utf8');
}

/** One for each family, made on first use. */
function createSockets(onError: (error: Error) => void) {
  const open = new Map<'udp4' | 'udp6', Socket>();
  return {
    to(ip: string): Socket {
      const family = isIPv6(ip) ? 'udp6' : 'udp4';
      const known = open.get(family);
      if (known !== undefined) return known;
      const socket = createSocket(family);
      socket.on('error', onError);
      socket.unref();
      open.set(family, socket);
      return socket;
    },
    close(): void {
      for (const socket of open.values()) socket.close();
      open.clear();
    },
  };
}
