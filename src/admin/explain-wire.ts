/** What `POST /api/v1/explain` takes and gives, as zod schemas. */
import { z } from 'zod';
import { misread, type Reading, section } from '../config/reading.ts';
import { readHeaderValue, readMethod } from '../config/route.ts';
import { text } from '../config/scalars.ts';

const readUrl = (url: string): Reading<string> =>
  /^[\x21-\x7e]+$/.test(url) ? { value: url } : misread('is no URL', 'write it as it is sent, percent-encoded');

const readAddress = (address: string): Reading<string> =>
  z.union([z.ipv4(), z.ipv6()]).safeParse(address).success ? { value: address } : misread('is no IP address');

export const ExplainRequest = section({
  method: text(readMethod).prefault('GET').describe('Of the request; tcp: of no meaning.'),
  url: text(readUrl).describe('`http://host:port/path?query`, or `tcp://host:port` for a connection.'),
  headers: z
    .exactOptional(z.record(z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/), text(readHeaderValue)))
    .describe('Header fields; `host` replaces what the URL says.'),
  from: z.exactOptional(text(readAddress)).describe('Address that it comes from; absent: 127.0.0.1.'),
  listener: z.exactOptional(text()).describe('Which listener is meant; absent: the one at the port of `url`.'),
});

const RouteVerdict = z.strictObject({
  index: z.int(),
  name: z.string().describe('Made of its match, as in metrics and logs.'),
  matches: z.boolean(),
  failed: z
    .array(z.strictObject({ condition: z.string(), wanted: z.array(z.string()), found: z.string() }))
    .describe('Every condition that does not hold.'),
});

const EndpointExplanation = z.strictObject({
  id: z.string(),
  eligible: z.boolean().describe('No slow verdict speaks against it: mode, weight, checks, ejection, breaker.'),
  reasons: z.array(z.string()).describe('Why this request cannot get it; empty: it could.'),
  backup: z.boolean(),
  zone: z.exactOptional(z.string()),
  role: z.exactOptional(z.enum(['primary', 'replica'])),
  weight: z.number(),
  effectiveWeight: z.number(),
  inFlight: z.number().describe('In cost units.'),
  maxConnections: z.exactOptional(z.number()),
  policy: z
    .record(z.string(), z.union([z.number(), z.string()]))
    .describe('The numbers by which the policy judges it.'),
});

const Pick = z.strictObject({
  endpoint: z.exactOptional(z.string()).describe('Who gets the request; absent: nobody, see `none`.'),
  none: z.exactOptional(z.enum(['no-endpoints', 'none-eligible', 'none-of-role', 'all-at-limit', 'all-tried'])),
  notes: z.array(z.string()).describe('What holds for the whole pool: panic, guards that are ignored.'),
  endpoints: z.array(EndpointExplanation),
});

export const Explained = z.strictObject({
  listener: z.string(),
  listenerReason: z.string().describe('Why that one.'),
  worker: z.exactOptional(z.int()).describe('Whose picker was asked, from 0; absent where there is one.'),
  clientIp: z.string().describe('As policies and logs see it.'),
  refused: z
    .exactOptional(z.strictObject({ status: z.int(), reason: z.string() }))
    .describe('The listener answers before it looks for a route.'),
  routes: z.array(RouteVerdict).describe('Up to the one that matches; empty for tcp.'),
  route: z.exactOptional(z.int()).describe('The index of the one that matches; absent: none, a 404.'),
  answer: z
    .exactOptional(z.strictObject({ status: z.int(), location: z.exactOptional(z.string()) }))
    .describe('The route answers by itself.'),
  pool: z.exactOptional(z.string()),
  pools: z
    .exactOptional(z.array(z.strictObject({ pool: z.string(), weight: z.number() })))
    .describe('Where the route names several.'),
  key: z.exactOptional(z.string()).describe('What hashing policies go by; absent: the client’s address.'),
  cost: z.exactOptional(z.number()).describe('What it counts in flight.'),
  pick: z.exactOptional(Pick),
});

export type ExplainRequestWire = z.input<typeof ExplainRequest>;
export type ExplainedWire = z.output<typeof Explained>;
