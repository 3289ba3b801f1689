import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { configJsonSchema, type JsonSchema } from './json-schema.ts';
import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const guidePath = new URL('../../docs/guides/configuration.md', import.meta.url);
const guide = readFileSync(guidePath, 'utf8');
const begin = '<!-- generated from the schema; UPDATE_DOCS=1 bun test src/config/guide.test.ts -->';
const end = '<!-- end -->';

const schema = configJsonSchema();
const definitions = schema.$defs as Record<string, JsonSchema>;

/** One table row per key: path, default, meaning. A reference is followed where it is not met inside of what it names. */
function rows(node: JsonSchema, path: string, inside: readonly unknown[] = []): string[] {
  if (typeof node.$ref === 'string' && !inside.includes(node.$ref)) {
    return rows(definitions[node.$ref.replace('#/$defs/', '')]!, path, [...inside, node.$ref]);
  }
  const variants = (node.oneOf ?? node.anyOf ?? []) as JsonSchema[];
  const below = variants.flatMap((each) => rows(each, variantPath(path, each), inside));
  const items = isSchema(node.items) ? rows(node.items, `${path}[]`, inside) : [];
  const named = isSchema(node.additionalProperties) ? rows(node.additionalProperties, `${path}.<name>`, inside) : [];
  return [...below, ...items, ...named, ...propertyRows(node, path, inside)];
}

function propertyRows(node: JsonSchema, path: string, inside: readonly unknown[]): string[] {
  const required = (node.required ?? []) as string[];
  const properties = Object.entries((node.properties ?? {}) as Record<string, JsonSchema>);
  return properties.flatMap(([key, each]) => {
    if (each.const !== undefined && key === 'type') return [];
    const at = path === '' ? key : `${path}.${key}`;
    return [
      `| \`${at}\` | ${defaultText(each, required.includes(key))} | ${each.description ?? ''} |`,
      ...rows(each, at, inside),
    ];
  });
}

const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;

/** `pools.<name>.health(http)`: the options of one variant. */
function variantPath(path: string, node: JsonSchema): string {
  const type = (node.properties as { type?: { const?: string } } | undefined)?.type?.const;
  return type === undefined ? path : `${path}(${type})`;
}

function defaultText({ default: value }: JsonSchema, required: boolean): string {
  if (required) return 'required';
  if (value === undefined) return '–';
  if (typeof value === 'object') return Object.keys(value as object).length === 0 ? '' : `\`${JSON.stringify(value)}\``;
  return typeof value === 'string' ? `\`${value === '' ? '""' : value}\`` : `\`${value}\``;
}

function table(): string {
  const body = [...new Set(rows(schema, ''))];
  return ['| key | default | meaning |', '|---|---|---|', ...body].join('\n');
}

describe('docs/guides/configuration.md', () => {
  test('its table has every key with default and meaning', () => {
    const [head, rest] = guide.split(begin) as [string, string];
    const tail = rest.slice(rest.indexOf(end));
    const wanted = `${head}${begin}\n${table()}\n${tail}`;
    if (process.env.UPDATE_DOCS === '1') writeFileSync(guidePath, wanted);
    else expect(guide).toBe(wanted);
  });

  const snippets = [...guide.matchAll(/^```(yaml|json)\n(.*?)^```$/gms)].map((each) => each[2]!);
  test('it has snippets', () => expect(snippets.length).toBeGreaterThan(5));
  test.each(snippets.map((text, index) => [index, text] as const))(
    'snippet %i is a good configuration',
    (_index, text) => {
      const env = { ADMIN_TOKEN: 'x', BACKEND_PORT: '3000' };
      const result = parseConfig(text, { file: 'guide', env, readFile: () => 'secret' });
      expect(result.ok ? result.warnings : result.problems.map(formatProblem)).toEqual([]);
    },
  );
});
