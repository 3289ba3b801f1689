import { EquipoiseError } from '../../core/kernel/errors.ts';
import type { Provider, ProviderDefinition } from './provider.ts';
import { staticEndpoints } from './static.ts';

/** Every built-in provider, alphabetical. A new one is its own file plus one line here. */
export const providers: readonly ProviderDefinition[] = [staticEndpoints];

/** Makes the provider that `options.type` names. Throws `config-invalid` for a name that is not built in. */
export function createProvider(options: { readonly type: string }): Provider {
  const definition = providers.find((each) => each.type === options.type);
  if (definition === undefined) throw new EquipoiseError('config-invalid', `no discovery provider "${options.type}"`);
  return definition.create(options as never); // the provider's schema made these options
}
