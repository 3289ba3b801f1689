import type { EndpointOptions } from '../pool-options.ts';
import type { ProviderDefinition } from './provider.ts';

/** The endpoints that the configuration lists; they are known at once and never change. */
export const staticEndpoints: ProviderDefinition<'static', { readonly endpoints: readonly EndpointOptions[] }> = {
  type: 'static',
  create: ({ endpoints }) => ({
    start(listener) {
      listener(endpoints);
      return { stop() {} };
    },
  }),
};
