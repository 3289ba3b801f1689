import { describe, expect, test } from 'vitest';
import { configJsonSchema, type JsonSchema } from './json-schema.ts';

/** Follows property names; through lists and alternatives to the first that has the name, and through references. */
function at(schema: JsonSchema, ...path: string[]): JsonSchema {
  const definitions = schema.$defs as Record<string, JsonSchema>;
  let node: JsonSchema | undefined = schema;
  for (const name of path) {
    node = node && find(node, name);
    if (typeof node?.$ref === 'string') node = { ...definitions[node.$ref.replace('#/$defs/', '')], ...node };
  }
  if (node === undefined) throw new Error(`no ${path.join('.')}`);
  return node;
}

function find(node: JsonSchema, name: string): JsonSchema | undefined {
  const own = (node.properties as Record<string, JsonSchema> | undefined)?.[name];
  if (own !== undefined) return own;
  const inner = [node.items, node.additionalProperties, ...((node.anyOf ?? node.oneOf ?? []) as unknown[])];
  const schemas = inner.filter((each): each is JsonSchema => typeof each === 'object' && each !== null);
  return schemas.map((each) => find(each, name)).find((each) => each !== undefined);
}

describe('configJsonSchema', () => {
  const schema = configJsonSchema();

  test('is a draft 2020-12 schema of the input', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema.required).toEqual(['listeners']);
    expect(schema.additionalProperties).toBe(false);
  });

  test.each<[string[], JsonSchema]>([
    [['drainTimeout'], { default: '30s' }],
    [['listeners', 'limits', 'headBytes'], { default: '64KiB' }],
    [['listeners', 'timeouts', 'head'], { description: 'From the first byte of a head (or from accept) to its last.' }],
    [['pools', 'policy'], { default: 'adaptive' }],
    [['pools', 'health', 'rise'], { default: 2 }],
    [['pools', 'health', 'interval'], { default: 2000 }],
    [['pools', 'endpoints', 'weight'], { default: 1 }],
  ])('%j', (path, want) => {
    expect(at(schema, ...path)).toMatchObject(want);
  });

  test('short forms and substitutions are accepted', () => {
    expect(at(schema, 'listeners', 'bind').anyOf).toEqual([
      { type: 'string' },
      { type: 'array', minItems: 1, items: { type: 'string' } },
    ]);
    expect(at(schema, 'pools', 'policy').anyOf).toContainEqual({ $ref: '#/$defs/policy' });
    expect(JSON.stringify(schema.$defs)).toMatch(/"enum":\["[^\]]*"ring-hash"/);
    expect(at(schema, 'pools', 'endpoints', 'weight').anyOf).toContainEqual({ $ref: '#/$defs/substitution' });
    expect(schema.$defs).toHaveProperty('substitution.pattern');
    const { $defs } = schema as { $defs: { policy: JsonSchema } };
    expect(at({ ...$defs.policy, $defs }, 'virtualNodes').anyOf).toContainEqual({ $ref: '#/$defs/substitution' });
  });

  test('every reference is defined, a policy inside of a policy among them', () => {
    const text = JSON.stringify(schema);
    const references = new Set([...text.matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)].map((match) => match[1]!));
    expect([...references].sort()).toEqual(Object.keys(schema.$defs as object).sort());
    expect(references).toContain('policy');
  });

  test('keeps no word of our own', () => expect(JSON.stringify(schema)).not.toContain('"or":'));
});
