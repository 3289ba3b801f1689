import type { EndpointOptions } from '../pool-options.ts';
import type { ProviderDefinition } from './provider.ts';

export interface StaticOptions {
  readonly type: 'static';
  readonly endpoints: readonly EndpointOptions[];
}

/** The endpoints that the configuration lists; they are known at once and never change. */
export const staticEndpoints: ProviderDefinition<'static', StaticOptions> = {
  type: 'static',
  create: ({ endpoints }) => ({
    start(listener) {
      listener(endpoints);
      return { stop() {} };
    },
  }),
};
