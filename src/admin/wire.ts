/** What the admin API takes and gives, as zod schemas; `openapi.json` and the dashboard's types are made of these. */
import { z } from 'zod';
import { section } from '../config/reading.ts';
import { choice, integer } from '../config/scalars.ts';

const count = () => z.int().nonnegative();
const ms = () => z.number().nonnegative();

const failures = () => count().describe('Tries that failed, also where another one made up for it; 5xx answers too.');

/** Requests that ended, by the class of their status; `none`: without one (tcp). */
export const Requests = z
  .strictObject({ none: count(), '1xx': count(), '2xx': count(), '3xx': count(), '4xx': count(), '5xx': count() })
  .describe('Requests that ended, by class of status; `none`: tcp connections.');

const Counts = z.strictObject({
  requests: Requests,
  retries: count().describe('Tries that came here because another endpoint had failed.'),
  failures: failures(),
  connectFailures: count().describe('Of these, connections that did not come about.'),
  connectionsOpen: count().describe('Connections to it open now, idle ones included.'),
  bytes: z.strictObject({ received: count(), sent: count() }).describe('From and to it, since the start; no checks.'),
});

const Weight = z.strictObject({
  configured: z.number().nonnegative().describe('What the configuration says.'),
  effective: z.number().nonnegative().describe('What the policy counts it as now.'),
  origin: z.enum(['file', 'api', 'slow-start']).describe('Where the effective weight comes from.'),
});

const LastCheck = z.strictObject({
  ok: z.boolean(),
  reason: z.string().describe('`status 503, expected 200–399`'),
  latencyMs: ms(),
  ageMs: ms().describe('Since it ended.'),
});

export const EndpointState = z.strictObject({
  id: z.string(),
  address: z.string(),
  mode: z.enum(['ready', 'draining', 'maintenance']).describe('What a person says.'),
  health: z.enum(['up', 'down', 'unknown']).describe('What checks say.'),
  lastCheck: z.exactOptional(LastCheck),
  eligible: z.boolean().describe('May be picked.'),
  reasons: z.array(z.string()).describe('Why it is not eligible; empty where it is.'),
  weight: Weight,
  inFlight: count().describe('Requests (tcp: connections) that it has not ended.'),
  maxConnections: z.exactOptional(count()),
  backup: z.boolean(),
  zone: z.exactOptional(z.string()),
  role: z.exactOptional(z.enum(['primary', 'replica'])).describe('What a check reports, or the configuration says.'),
  breaker: z.exactOptional(z.enum(['closed', 'open', 'half-open'])).describe('Absent without circuit breakers.'),
  ejected: z.exactOptional(z.boolean()).describe('Absent without outlier ejection.'),
  addedAtRuntime: z.boolean().describe('By the API; not in the configuration.'),
  ...Counts.shape,
});

/** From a request sent to the first byte of its answer, since the start; off by at most 3.2 %. */
const Latency = z.strictObject({ count: count(), mean: ms(), p50: ms(), p90: ms(), p99: ms() });

export const PoolState = z.strictObject({
  name: z.string(),
  policy: z.string(),
  eligible: count().describe('Endpoints that may be picked.'),
  inFlight: count(),
  latencyMs: z
    .exactOptional(Latency)
    .describe('To the first byte of the answer, since the start; absent before there was one.'),
  requests: Requests,
  retries: count(),
  failures: failures(),
  connectFailures: count(),
  endpoints: z.array(EndpointState),
});

export const PoolList = z.strictObject({ pools: z.array(PoolState) });

const PoolTraffic = z.strictObject({ pool: z.string(), requests: Requests });

const RouteState = z.strictObject({
  name: z.string().describe('As in metrics and access logs; several may have the same.'),
  match: z.array(z.string()).describe('Its conditions in words; empty: every request.'),
  answer: z.exactOptional(z.string()).describe('What the balancer answers itself; absent where pools serve.'),
  pools: z.array(z.strictObject({ pool: z.string(), share: z.number().describe('Configured, 0 to 1.') })),
  traffic: z
    .exactOptional(z.array(PoolTraffic))
    .describe(
      'What went through it to each pool; absent where it is not counted by itself: tcp, a name met before, one of very many.',
    ),
});

const ListenerState = z.strictObject({
  name: z.string(),
  protocol: z.string(),
  addresses: z.array(z.string()),
  connections: z.strictObject({ open: count(), accepted: count(), refused: count() }),
  bytes: z.strictObject({ received: count(), sent: count() }).describe('From and to clients.'),
  answers: z.record(z.string(), count()).describe('Answers that the balancer gave itself, by status.'),
  routes: z.array(RouteState),
  traffic: z.array(PoolTraffic).describe('What went to each pool.'),
});

const LatencySteps = z
  .strictObject({ first: count(), counts: z.array(count()) })
  .describe('Latencies to the first byte since the start: how many in the step `first` and those after it.');

const part = () => z.number().min(0).max(1);

const EndpointShare = z
  .strictObject({
    '1m': z.exactOptional(part()),
    '5m': z.exactOptional(part()),
    wanted: part().describe('What the weights in force ask for; 0: it is not eligible.'),
  })
  .describe('Of the requests of its pool in the last minute, and in the last five.');

const PoolFairness = z
  .strictObject({ '1m': z.exactOptional(part()), '5m': z.exactOptional(part()) })
  .describe("Jain's index of requests per weight, 1: exactly by weight; absent where nobody had a request.");

const OverviewEndpoint = EndpointState.extend({
  latencySteps: LatencySteps,
  share: z.exactOptional(EndpointShare).describe('Absent in the first seconds.'),
});

const OverviewPool = PoolState.extend({ fairness: PoolFairness, endpoints: z.array(OverviewEndpoint) });

/** All of it at one moment, for whoever draws it; rates come from two of them. */
export const Overview = z.strictObject({
  at: z.number().describe('Milliseconds since 1970.'),
  startedAt: z.number().describe('Milliseconds since 1970; counts begin again when it changes.'),
  version: z.string(),
  runtime: z.string(),
  state: z.enum(['serving', 'draining', 'closed']),
  connectionsOpen: count(),
  latencyBoundsMs: z.array(z.number()).describe('Where each step of latency begins, and where the last one ends.'),
  listeners: z.array(ListenerState),
  pools: z.array(OverviewPool.describe('As in pools.')),
  refusal: z.exactOptional(z.string()).describe('Why whoever asks may change nothing; absent: may.'),
});

/** The most a weight can be; as in the configuration. */
const MOST_WEIGHT = 65_535;

export const EndpointPatch = section({
  mode: z.exactOptional(choice(['ready', 'draining', 'maintenance'])).describe('What a person says of it.'),
  weight: z.exactOptional(integer({ max: MOST_WEIGHT })).describe('Proportion among the endpoints; 0 gets nothing.'),
});

export const EndpointRemoved = z.strictObject({
  pool: z.string(),
  id: z.string(),
  inFlight: count().describe('Under way when it left; it may end within drainTimeout.'),
});

const ProblemItem = z.strictObject({
  path: z.string().describe('`pools.a.endpoints[0].weight`; empty for the whole.'),
  message: z.string(),
  fix: z.exactOptional(z.string()),
  line: z.exactOptional(z.int()),
  column: z.exactOptional(z.int()),
});

export const ConfigApplied = z.strictObject({
  changes: z.array(z.string()).describe('What is different now, in words.'),
  needsRestart: z.array(z.string()).describe('What is in the configuration but not in force before a restart.'),
  warnings: z.array(ProblemItem),
});

export const ServerEvent = z
  .looseObject({
    id: z.string().describe('For Last-Event-ID.'),
    at: z.number().describe('Milliseconds since 1970.'),
    kind: z.string().describe('`membership`, `guard`, `audit`, …; further keys belong to the kind.'),
    level: z.exactOptional(z.enum(['info', 'warn', 'error'])),
    message: z.exactOptional(z.string()).describe('In words; absent where it is not worth a line in the log.'),
  })
  .describe('The data of one event of the stream.');

export const Problem = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What is wrong and where.'),
    fix: z.exactOptional(z.string()).describe('What to do about it.'),
    problems: z.exactOptional(z.array(ProblemItem)).describe('Every mistake in what was sent.'),
  })
  .describe('RFC 9457, as application/problem+json.');

export type RequestsWire = z.output<typeof Requests>;
export type EndpointWire = z.output<typeof EndpointState>;
export type PoolWire = z.output<typeof PoolState>;
export type PoolListWire = z.output<typeof PoolList>;
export type OverviewWire = z.output<typeof Overview>;
export type EndpointPatchWire = z.input<typeof EndpointPatch>;
export type ConfigAppliedWire = z.output<typeof ConfigApplied>;
export type ServerEventWire = z.output<typeof ServerEvent>;
export type ProblemWire = z.output<typeof Problem>;
