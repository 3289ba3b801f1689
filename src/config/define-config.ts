import type { ConfigInput } from './config.ts';

type Listeners = ConfigInput['listeners'];
type ListenerInput = Listeners[string];
type RouteInput = NonNullable<ListenerInput['routes']>[number];
type SharedPool = NonNullable<RouteInput['pools']>[number];

/** A route whose pools must be among `Pool`. */
export type RouteTo<Pool extends string> = Omit<RouteInput, 'pool' | 'pools'> & {
  pool?: Pool;
  pools?: readonly (Omit<SharedPool, 'pool'> & { pool: Pool })[];
};

/** What a file may say, with the names of its pools known to the compiler. */
export type ConfigWithPools<Pool extends string> = Omit<ConfigInput, 'listeners' | 'pools'> & {
  pools?: Readonly<Record<Pool, NonNullable<ConfigInput['pools']>[string]>>;
  listeners: Readonly<
    Record<
      string,
      Omit<ListenerInput, 'routes' | 'pool'> & { routes?: readonly RouteTo<NoInfer<Pool>>[]; pool?: NoInfer<Pool> }
    >
  >;
};

/**
 * Types a configuration written in TypeScript: keys complete, and a pool that is not there is a type error. Returns
 * what it is given; export that as the module's default.
 */
export function defineConfig<const Pool extends string>(config: ConfigWithPools<Pool>): ConfigWithPools<Pool> {
  return config;
}
