import { randomFillSync } from 'node:crypto';
import { hostname } from 'node:os';
import { Tracer } from '../telemetry/tracing/tracer.ts';
import type { FrontDeps, Served } from './front.ts';

/** What traces requests of this thread; undefined where none is configured. Each worker exports its own spans. */
export function startTracing({ tracing }: Served, deps: FrontDeps): Tracer | undefined {
  if (tracing === undefined) return undefined;
  const { scheduler, wallClock, counters, emit } = deps;
  return new Tracer(tracing, {
    fetch: (url, init) => fetch(url, init),
    after: (ms, run) => void scheduler.after(ms, run),
    wallClock,
    counts: counters.spans,
    fillRandom: (bytes) => void randomFillSync(bytes),
    resource: [
      ['host.name', hostname()],
      ['process.pid', process.pid],
    ],
    onChange: (to, reason) => emit({ kind: 'tracing', to, reason }),
  });
}
