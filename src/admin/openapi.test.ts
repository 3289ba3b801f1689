import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../config/json-schema.ts';
import { describeApi } from './openapi.ts';
import { operations } from './operations.ts';

const api = describeApi(operations, '1.2.3') as { paths: Record<string, Record<string, JsonSchema>> } & JsonSchema;
const described = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, each]) => ({ path, method, each })),
);

describe('openapi.json', () => {
  test('has every operation of the contract', () => {
    const names = described.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    for (const name of [
      'GET /api/v1/pools',
      'GET /api/v1/pools/{pool}',
      'POST /api/v1/pools/{pool}/endpoints',
      'PATCH /api/v1/pools/{pool}/endpoints/{id}',
      'DELETE /api/v1/pools/{pool}/endpoints/{id}',
      'GET /api/v1/config',
      'PUT /api/v1/config',
      'GET /api/v1/events',
      'GET /metrics',
      'GET /openapi.json',
    ]) {
      expect(names).toContain(name);
    }
  });

  test('names each operation once, with its parameters', () => {
    const ids = described.map(({ each }) => each['operationId']);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('patchPoolsPoolEndpointsId');
    for (const { path, each } of described) {
      const names = ((each['parameters'] ?? []) as { name: string }[]).map(({ name }) => `{${name}}`);
      expect(path.match(/\{\w+\}/g) ?? []).toEqual(names);
    }
  });

  test('every reference leads somewhere', () => {
    const references = [...JSON.stringify(api).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1]!);
    expect(references.length).toBeGreaterThan(10);
    for (const reference of new Set(references)) {
      const found = reference.split('/').reduce<unknown>((node, step) => (node as JsonSchema | undefined)?.[step], api);
      expect(found, reference).toBeTypeOf('object');
    }
  });

  test('bodies are what the schemas read', () => {
    const patch = api.paths['/api/v1/pools/{pool}/endpoints/{id}']!['patch'];
    const text = JSON.stringify(patch);
    expect(text).toContain('"enum":["ready","draining","maintenance"]');
    expect(text).toContain('"maximum":65535');
    // Nothing is substituted in it.
    expect(text).not.toContain('substitution');
    expect(JSON.stringify(api.paths['/api/v1/pools/{pool}/endpoints']!['post'])).toContain('"maxConnections"');
  });

  test('every failure is a problem', () => {
    for (const { each } of described) {
      for (const [status, response] of Object.entries(each['responses'] as Record<string, JsonSchema>)) {
        if (Number(status) < 400) continue;
        expect(Object.keys(response['content'] as object)).toEqual(['application/problem+json']);
      }
    }
  });
});
