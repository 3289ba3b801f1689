import type { EndpointOptions } from '../pool-options.ts';

/** Where a pool's endpoints come from. */
export interface Provider {
  /** Calls `listener` with all endpoints whenever they may have changed, the first time as soon as they are known. */
  start(listener: (endpoints: readonly EndpointOptions[]) => void): { stop(): void };
}

/** One kind of provider: its type tag (the file's name) and how to make one. */
export interface ProviderDefinition<T extends string = string, O = never> {
  readonly type: T;
  readonly create: (options: O) => Provider;
}
