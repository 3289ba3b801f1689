import { defineRegistry } from '../../core/kernel/registry.ts';
import type { Provider } from './provider.ts';
import { type StaticOptions, staticEndpoints } from './static.ts';

/** Every built-in provider, alphabetical. A new one is its own file, one line here and one in `ProviderOptions`. */
export const providers = defineRegistry([staticEndpoints]);

/** The options of one provider, told apart by `type`. */
export type ProviderOptions = StaticOptions;

export function createProvider(options: ProviderOptions): Provider {
  return providers.get(options.type)!.create(options);
}
