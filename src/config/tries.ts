import { z } from 'zod';
import type { HedgeFields, QueueFields } from '../control/pool-options.ts';
import { misread, nameOf, type Reading, scalar, section } from './reading.ts';
import { decimal, duration, integer, size } from './scalars.ts';

const longestMs = 2 ** 30;
const MOST_WAITING = 65_536;

/** When and how a request is tried again. */
export const RetriesFile = section({
  attempts: integer({ max: 100 }).prefault(1).describe('Further tries on other endpoints; 0: none.'),
  budget: decimal({ max: 100 })
    .prefault(0.2)
    .describe('Further tries per request over ten seconds, hedges included; ten a second may be made in any case.'),
  backoff: duration({ min: 0, max: 60_000 })
    .prefault('25ms')
    .describe(
      'Before the second retry up to 3 ×, then 7 ×, then 10 × as long, at random; the first one follows at once.',
    ),
  statuses: z
    .array(integer({ min: 400, max: 599 }))
    .prefault([])
    .describe('Statuses of an answer that idempotent requests are tried again for.'),
  bufferBytes: size({ min: 0, max: 1 << 30 })
    .prefault('64KiB')
    .describe('Of a body, kept to send it again; a longer one is not sent twice.'),
  maxRetryAfter: duration({ min: 0, max: longestMs })
    .prefault('1s')
    .describe('The longest Retry-After of a 429 or 503 that is waited for; an answer that asks for more is passed on.'),
});

const HedgeObject = section({
  percentile: z
    .exactOptional(decimal({ min: 1, max: 99.9 }))
    .describe('Of the latencies of late: slower requests are hedged. 95 where `after` is absent too.'),
  after: z.exactOptional(duration()).describe('A fixed time; with `percentile`: the least.'),
});

/** When a slow request gets a second try. */
export const HedgeFile = HedgeObject.transform(
  (hedge): HedgeFields => (hedge.percentile === undefined && hedge.after === undefined ? { percentile: 95 } : hedge),
) as unknown as z.ZodType<HedgeFields, z.input<typeof HedgeObject>>;

type Priority = NonNullable<QueueFields['priority']>;
const HEADER = /^header:[\w!#$%&'*+.^`|~-]+$/;

function readPriority(value: unknown): Reading<Priority> {
  if (typeof value === 'string' && HEADER.test(value)) return { value: value as Priority };
  return misread(`expected where a priority stands, found ${nameOf(value)}`, 'write header:<name>');
}

/** Who waits when every endpoint is at its limit. */
export const QueueFile = section({
  size: integer({ min: 1, max: MOST_WAITING }).prefault(1024).describe('How many may wait, in each worker.'),
  timeout: duration({ max: longestMs }).prefault('5s').describe('After which who waits is answered 503.'),
  priority: z
    .exactOptional(scalar<Priority>(readPriority, { type: 'string', pattern: HEADER.source }))
    .describe(
      '`header:<name>`: who is first, by the urgency in that header: 0 (first) to 7, or `u=0` to `u=7`; absent: who came first.',
    ),
});

/** A limit on what is under way in a pool, learned from its latencies. */
export const AdaptiveLimitFile = section({
  initial: integer({ min: 1 }).prefault(20).describe('Under way in each worker at the start.'),
  min: integer({ min: 1 }).prefault(3).describe('Never fewer than these.'),
  max: integer({ min: 1 }).prefault(1000).describe('Never more than these.'),
  tolerance: decimal({ min: 1, max: 100 })
    .prefault(1.5)
    .describe('How many times its long mean the latency may be before the limit shrinks.'),
}).refine(({ min, max }) => min <= max, { error: 'min is greater than max', path: ['min'] });
