import type { Config } from '../config/config.ts';
import type { ListenerOptions } from '../proxy/listener-options.ts';
import type { Counters } from '../telemetry/counters.ts';

/**
 * The options of a listener in which `limits.connections` is what the whole program's limit leaves to it at the moment;
 * protocols read it at each accept.
 */
export function withinTotal(
  name: string,
  options: ListenerOptions,
  { limits, listeners }: Pick<Config, 'limits' | 'listeners'>,
  counters: Counters,
): ListenerOptions {
  const others = Object.keys(listeners).filter((each) => each !== name);
  const { connections: own, ...rest } = options.limits;
  return {
    ...options,
    limits: {
      ...rest,
      get connections() {
        const elsewhere = others.reduce((sum, each) => sum + counters.listener(each).open, 0);
        return Math.min(own, limits.connections - elsewhere);
      },
    },
  };
}
