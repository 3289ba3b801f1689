import { z } from 'zod';
import { configJsonSchema, inputJsonSchema, type JsonSchema } from '../config/json-schema.ts';
import type { Operation } from './operation.ts';
import { Problem } from './wire.ts';

const statusTexts: Readonly<Record<number, string>> = {
  400: 'What was sent is wrong; `problems` says what, where and how to mend it.',
  401: 'The token is missing or wrong.',
  403: 'This token, or this page, may not.',
  404: 'There is no such thing; `fix` proposes the nearest.',
  406: 'None of the accepted types can be given.',
  409: 'It does not fit what is there now; nothing was changed.',
  413: 'The body is too large.',
  415: 'The body has a type that is not understood.',
  503: 'Not now.',
};

/** OpenAPI 3.1 of `operations`, made of the same schemas that check what comes in. */
export function describeApi(operations: readonly Operation[], version: string): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Equipoise admin API', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    security: [{}, { token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'admin.token (everything) or admin.readToken (GET only); not asked for where none is configured.',
        },
      },
      schemas: { Configuration: configurationSchema(), ...configurationDefinitions(), Problem: outputSchema(Problem) },
    },
  };
}

function describe({ method, path, summary, takes, gives, problems }: Operation): JsonSchema {
  const failures = [401, 403, ...problems].map((status) => [status, failure(status)]);
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const name = path
    .replace(/^\/(api\/v1\/)?/, '')
    .replaceAll(/[{}]/g, '')
    .replaceAll(/[^a-z]+(.?)/g, (_, c: string) => c.toUpperCase());
  return {
    operationId: `${method.toLowerCase()}${name[0]!.toUpperCase()}${name.slice(1)}`,
    summary,
    ...(names.length > 0 && {
      parameters: names.map((each) => ({ name: each, in: 'path', required: true, schema: { type: 'string' } })),
    }),
    ...(takes && { requestBody: { required: true, content: contentOf(takes.types, takes.schema, 'input') } }),
    responses: {
      [gives.status]: { description: gives.description, content: contentOf(gives.types, gives.schema, 'output') },
      ...Object.fromEntries(failures),
    },
  };
}

const failure = (status: number) => ({
  description: statusTexts[status] ?? 'It failed.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

function contentOf(types: readonly string[], schema: z.ZodType | 'configuration' | undefined, io: 'input' | 'output') {
  const described =
    schema === undefined
      ? {}
      : schema === 'configuration'
        ? { $ref: '#/components/schemas/Configuration' }
        : io === 'input'
          ? inputJsonSchema(schema)
          : outputSchema(schema);
  return Object.fromEntries(types.map((type) => [type, { schema: described }]));
}

function outputSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', unrepresentable: 'any' });
  return rest as JsonSchema;
}

/** Of the whole file, its definitions moved to where OpenAPI has them. */
function configurationSchema(): JsonSchema {
  const { $schema: _, $defs: __, ...rest } = configJsonSchema();
  return moved(rest) as JsonSchema;
}

function configurationDefinitions(): JsonSchema {
  const definitions = Object.entries(configJsonSchema()['$defs'] as JsonSchema);
  return Object.fromEntries(definitions.map(([name, each]) => [`Configuration.${name}`, moved(each)]));
}

const moved = (schema: unknown): unknown =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/Configuration.'));
