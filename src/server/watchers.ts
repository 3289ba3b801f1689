import type { ProtocolDeps } from '../proxy/protocols/protocol.ts';
import type { AccessLogs } from './access-log.ts';
import type { FrontDeps, Served } from './front.ts';
import { liveExplainOf } from './live-explain.ts';
import { startTracing } from './tracing.ts';

/** Who is told of the requests of this thread; what changes with a restart only, but for the access log. */
export type Watchers = Pick<ProtocolDeps, 'accessLog' | 'tracer' | 'liveExplain'>;

export function startWatchers(config: Served, deps: FrontDeps, accessLog: AccessLogs): Watchers {
  const tracer = startTracing(config, deps);
  const liveExplain = liveExplainOf(config.admin, deps.worker);
  return { accessLog, ...(tracer && { tracer }), ...(liveExplain && { liveExplain }) };
}
