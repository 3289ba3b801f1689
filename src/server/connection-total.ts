import type { Config } from '../config/config.ts';
import type { ListenerOptions } from '../proxy/listener-options.ts';
import type { OpenConnections } from '../proxy/protocols/protocol.ts';
import type { Counters } from '../telemetry/counters.ts';

/** Connections that other workers have open. */
export interface ConnectionsElsewhere {
  of(listener: string): number;
}

const NOWHERE: ConnectionsElsewhere = { of: () => 0 };

/** What the access log may tell of them. */
export function openConnections(
  name: string,
  counters: Counters,
  elsewhere: ConnectionsElsewhere = NOWHERE,
): OpenConnections {
  const of = (listener: string): number => counters.listener(listener).open + elsewhere.of(listener);
  return {
    ofListener: () => of(name),
    ofProgram() {
      let sum = 0;
      for (const each of counters.listeners.keys()) sum += of(each);
      return sum;
    },
  };
}

/**
 * The options of a listener in which `limits.connections` is what its own limit and the whole program's leave to this
 * worker at the moment; protocols read it at each accept.
 */
export function withinTotal(
  name: string,
  options: ListenerOptions,
  { limits, listeners }: Pick<Config, 'limits' | 'listeners'>,
  counters: Counters,
  elsewhere: ConnectionsElsewhere = NOWHERE,
): ListenerOptions {
  const others = Object.keys(listeners).filter((each) => each !== name);
  const { connections: own, ...rest } = options.limits;
  return {
    ...options,
    limits: {
      ...rest,
      get connections() {
        const same = elsewhere.of(name);
        const other = others.reduce((sum, each) => sum + counters.listener(each).open + elsewhere.of(each), 0);
        return Math.min(own - same, limits.connections - same - other);
      },
    },
  };
}
