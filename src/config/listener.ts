import { z } from 'zod';
import type { ListenerOptions } from '../proxy/listener-options.ts';
import type { SocketAddress } from '../transport/transport.ts';
import { readNetwork, readSocketAddress } from './addresses.ts';
import { scalar, section } from './reading.ts';
import { oneOrMore, RouteFile } from './route.ts';
import { choice, duration, integer, size, text } from './scalars.ts';

export const SocketAddressFile = scalar<SocketAddress, string>(readSocketAddress, { type: 'string' });

const ListenerTimeouts = section({
  head: duration().prefault('10s').describe('From the first byte of a head (or from accept) to its last.'),
  body: duration().prefault('30s').describe('In which a body must bring 16 KiB or end.'),
  keepAlive: duration().prefault('60s').describe('Between two requests on a connection.'),
});

const ListenerLimits = section({
  headBytes: size({ min: 256, max: 16 * 1024 ** 2 })
    .prefault('64KiB')
    .describe('Size of a request’s head; above it: 431.'),
  headerFields: integer({ min: 1, max: 10_000 }).prefault(128).describe('Header fields of a request; above it: 431.'),
  bodyBytes: size({ min: 0 }).prefault('1GiB').describe('Size of a request’s body; above it: 413.'),
  connections: integer({ min: 1 }).prefault(100_000).describe('Connections at one time; above it: 503, tcp: reset.'),
  perSource: z
    .exactOptional(integer({ min: 1 }))
    .describe('Connections at one time from one address; absent: no limit.'),
});

const ListenerObject = section(
  {
    bind: oneOrMore(SocketAddressFile).describe('Addresses to accept on: `host:port`, `[::1]:port` or `unix:/path`.'),
    protocol: choice(['http', 'tcp'], ['udp']).prefault('http').describe('What is spoken on its connections.'),
    trustedProxies: z
      .array(text(readNetwork))
      .prefault([])
      .describe('Networks whose `X-Forwarded-*` and `Forwarded` headers are believed.'),
    timeouts: ListenerTimeouts.prefault({}).describe('Time-outs towards clients.'),
    limits: ListenerLimits.prefault({}).describe('What a client may ask for.'),
    routes: z.exactOptional(z.array(RouteFile).min(1)).describe('Where requests go; the first match wins.'),
    pool: z.exactOptional(text()).describe('Short for one route to this pool.'),
    role: z
      .exactOptional(choice(['primary', 'replica']))
      .describe('With `pool`: only its endpoints that have this role; absent: all.'),
  },
  ['tls', 'proxyProtocol', 'accessLog', 'filters', 'http', 'sticky'],
);

/** An address that accepts connections, with its routes. */
export const ListenerFile = ListenerObject.transform(({ pool, role, routes, ...rest }): ListenerOptions => {
  const only = pool === undefined ? [] : [{ pool, ...(role !== undefined && { role }) }];
  return { ...rest, routes: routes ?? only };
});
