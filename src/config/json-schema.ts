import { z } from 'zod';
import { ConfigFile } from './config.ts';

export type JsonSchema = { [key: string]: unknown };

const substitution = {
  description: 'Replaced when the file is read: an environment variable, or the text of a file.',
  type: 'string',
  pattern: '\\$\\{[^}]+\\}',
};

/** JSON Schema (draft 2020-12) of what a file may say, with descriptions and defaults, for editors. */
export function configJsonSchema(): JsonSchema {
  const { $schema, ...root } = widen(rawJsonSchema(ConfigFile)) as JsonSchema;
  return {
    $schema,
    title: 'Equipoise configuration, version 1',
    ...root,
    $defs: { ...(root.$defs as JsonSchema), substitution },
  };
}

/** The same of a part of it that comes by itself, where nothing is substituted. */
export function inputJsonSchema(part: z.ZodType): JsonSchema {
  const { $schema: _, ...root } = widen(rawJsonSchema(part), false) as JsonSchema;
  return root;
}

function rawJsonSchema(part: z.ZodType): JsonSchema {
  return z.toJSONSchema(part, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // zod leaves out the default of a transformed value, as it need not be an input; ours all are.
      if (zodSchema._zod.def.type === 'default') jsonSchema.default ??= zodSchema._zod.def.defaultValue as never;
    },
  }) as JsonSchema;
}

/** Adds what zod does not know: short forms (`or`), and substitutions wherever a value is not free text. */
function widen(node: unknown, substituted = true): unknown {
  if (Array.isArray(node)) return node.map((each) => widen(each, substituted));
  if (typeof node !== 'object' || node === null) return node;
  const { or, description, default: fallback, ...own } = node as JsonSchema;
  const rest = Object.fromEntries(
    Object.entries(own).map(([key, each]) => [key, isData(key) ? each : widen(each, substituted)]),
  );
  const short = or === 'item' ? [rest.items] : or === undefined ? [] : [or];
  const forms = [
    ...short,
    rest,
    ...(substituted && isRestrictedScalar(rest) ? [{ $ref: '#/$defs/substitution' }] : []),
  ];
  return {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    ...(forms.length === 1 ? rest : { anyOf: forms }),
  };
}

/** Keywords that are taken as they are: data, and rules for names, in which nothing is substituted. */
const isData = (keyword: string): boolean =>
  ['enum', 'const', 'required', 'type', 'pattern', 'propertyNames'].includes(keyword);

/** A `const` alone is left as it is: it is the tag that tells the variants apart. */
function isRestrictedScalar(node: JsonSchema): boolean {
  if ('enum' in node || 'pattern' in node) return true;
  return node.const === undefined && ['number', 'integer', 'boolean'].includes(node.type as string);
}
