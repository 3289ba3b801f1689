import { EquipoiseError } from './errors.ts';

/** An immutable set of variants told apart by `type`. */
export interface Registry<D extends { readonly type: string }> {
  /** In the order given. */
  readonly definitions: readonly D[];
  readonly types: readonly D['type'][];
  get(type: string): D | undefined;
}

/**
 * Makes a registry. It is extended by making another one: `defineRegistry([...policies.definitions, mine])`.
 *
 * Errors  throws `registry-duplicate` when two definitions share a type.
 */
export function defineRegistry<const T extends readonly { readonly type: string }[]>(
  definitions: T,
): Registry<T[number]> {
  const byType = new Map<string, T[number]>();
  for (const definition of definitions) {
    if (byType.has(definition.type)) {
      throw new EquipoiseError('registry-duplicate', `two definitions have the type '${definition.type}'`);
    }
    byType.set(definition.type, definition);
  }
  return Object.freeze({
    definitions: Object.freeze([...definitions]),
    types: Object.freeze([...byType.keys()]),
    get: (type: string) => byType.get(type),
  });
}
