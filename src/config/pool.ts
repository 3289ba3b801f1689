import { z } from 'zod';
import type { EndpointAddress, EndpointOptions } from '../control/pool-options.ts';
import { formatAddress, isHostName, readEndpointAddress } from './addresses.ts';
import { CostFile } from './cost.ts';
import { CircuitBreakerFile, OutliersFile, PanicFile } from './guards.ts';
import { misread, type Reading, scalar, section } from './reading.ts';
import { HealthFile, PolicyFile } from './registered.ts';
import { choice, decimal, duration, flag, integer, text } from './scalars.ts';
import { AdaptiveLimitFile, HedgeFile, QueueFile, RetriesFile } from './tries.ts';

const Location = section({
  latitude: decimal({ min: -90, max: 90 }).describe('Degrees, north positive.'),
  longitude: decimal({ min: -180, max: 180 }).describe('Degrees, east positive.'),
});

const EndpointObject = section(
  {
    id: z.exactOptional(text(readEndpointId)).describe('Name, unique in the pool; absent: the address as written.'),
    address: scalar<EndpointAddress, string | number>(readEndpointAddress, { type: ['string', 'integer'] }).describe(
      '`host:port`, `[::1]:port`, a bare port on this machine, or `unix:/path`.',
    ),
    weight: integer({ max: 65_535 }).prefault(1).describe('Proportion among the endpoints; 0 gets nothing.'),
    zone: z.exactOptional(text()).describe('Failure domain.'),
    location: z.exactOptional(Location).describe('Where it stands.'),
    maxConnections: z
      .exactOptional(integer({ min: 1 }))
      .describe('In-flight requests (tcp: connections) never pass this; absent: no limit.'),
    backup: flag().prefault(false).describe('Serves only while no other endpoint is eligible.'),
    role: z
      .exactOptional(choice(['primary', 'replica']))
      .describe('Of a replicated store, for routes that ask for one; what a check reports wins.'),
    mode: choice(['ready', 'draining', 'maintenance']).prefault('ready').describe('Whether it may be picked.'),
  },
  ['cost', 'tls', 'slowStart'],
);

/** One address that can serve: an object, or only its address. */
export const EndpointFile = z
  .preprocess(
    (value) => (typeof value === 'string' || typeof value === 'number' ? { address: value } : value),
    EndpointObject.transform(
      ({ id, ...rest }): EndpointOptions => ({ id: id ?? formatAddress(rest.address), ...rest }),
    ),
  )
  .meta({ or: { type: ['string', 'integer'] } }) as unknown as z.ZodType<EndpointOptions, EndpointInput>;

export type EndpointInput = string | number | z.input<typeof EndpointObject>;

/** It is sent in `X-Served-By` and typed on command lines. */
function readEndpointId(id: string): Reading<string> {
  if (/^[\x21-\x7e]+$/.test(id)) return { value: id };
  return misread(`"${id}" is not an id`, 'use visible ASCII without spaces');
}

function readAuthority(host: string): Reading<string> {
  const name = host.replace(/:\d{1,5}$/, '');
  if (isHostName(name) || /^\[[0-9a-fA-F:.]+\]$/.test(name) || /^\d{1,3}(\.\d{1,3}){3}$/.test(name))
    return { value: host };
  return misread(`"${host}" is not a host`, 'write example.com or example.com:8080');
}

const PoolTimeouts = section({
  connect: duration().prefault('5s').describe('To a connection.'),
  response: duration().prefault('60s').describe('From the request’s last byte to the answer’s first, per try.'),
  request: z
    .exactOptional(duration())
    .describe('From the request’s head to the answer’s first byte, waiting and every try included; absent: no limit.'),
  idle: duration()
    .prefault('60s')
    .describe('Without a byte in either direction while a message is under way; also tcp.'),
  tunnel: duration().prefault('1h').describe('Without a byte in either direction of an upgraded connection.'),
});

const PoolConnections = section({
  idle: integer({ max: 1_000_000 }).prefault(256).describe('Connections kept idle per endpoint; 0: none.'),
  maxAge: duration().prefault('10m').describe('After which a connection is not used again.'),
  maxRequests: integer({ min: 1 }).prefault(100_000).describe('After which a connection is not used again.'),
});

/** Endpoints that serve the same thing, with a policy. */
export const PoolFile = section(
  {
    policy: PolicyFile.prefault('adaptive').describe(
      'How an endpoint is picked: a type, or an object with its options.',
    ),
    endpoints: z.array(EndpointFile).describe('Who serves.'),
    health: z.exactOptional(HealthFile).describe('Checks that find out who is up; absent: none.'),
    circuitBreaker: z.exactOptional(CircuitBreakerFile).describe('Leaves a failing endpoint alone; absent: off.'),
    outliers: z.exactOptional(OutliersFile).describe('Ejects endpoints that fail more than others; absent: off.'),
    slowStart: z
      .exactOptional(duration())
      .describe('In which a new or recovered endpoint reaches its weight; absent: at once.'),
    panic: z.exactOptional(PanicFile).describe('Ignores checks when too few endpoints pass them; absent: never.'),
    retries: RetriesFile.prefault({}).describe('After connect failures and connections cut before the first byte.'),
    hedge: z
      .exactOptional(HedgeFile)
      .describe('A second try on another endpoint where the first one is slow, for idempotent requests; absent: none.'),
    queue: z
      .exactOptional(QueueFile)
      .describe('Who waits when every endpoint is at its limit; absent: nobody, 503 at once.'),
    adaptiveLimit: z
      .exactOptional(AdaptiveLimitFile)
      .describe('Answers 503 before endpoints collapse: a limit learned from latencies; absent: off.'),
    timeouts: PoolTimeouts.prefault({}).describe('Time-outs towards endpoints.'),
    connections: PoolConnections.prefault({}).describe('Connections kept to the endpoints.'),
    cost: z
      .exactOptional(CostFile)
      .describe('In-flight counted in cost units: `content-length`, `header:<name>` or a function; absent: requests.'),
    servedBy: flag().prefault(false).describe('Adds `X-Served-By: <endpoint id>` to answers.'),
    host: z.exactOptional(text(readAuthority)).describe('Host sent to the endpoints; absent: the client’s.'),
    forwarded: flag().prefault(false).describe('Adds `Forwarded` to requests.'),
    requestId: flag().prefault(false).describe('Makes `X-Request-Id` where a trusted proxy has not sent one.'),
  },
  ['discovery', 'sticky', 'tls', 'http'],
);
