import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { probes } from './registry.ts';
import { HealthConfig } from './schema.ts';

describe('HealthConfig', () => {
  test('fills in every default', () => {
    const shared = { interval: 2000, timeout: 1000, rise: 2, fall: 3, initial: 'unknown', jitter: 0.1 };
    expect(HealthConfig.parse({ type: 'tcp' })).toEqual({ type: 'tcp', skipWhileServing: false, ...shared });
    expect(HealthConfig.parse({ type: 'postgres' })).toEqual({ type: 'postgres', database: 'postgres', ...shared });
    const own = { path: '/', method: 'GET', headers: {}, status: [{ from: 200, to: 399 }] };
    expect(HealthConfig.parse({ type: 'http' })).toEqual({ type: 'http', skipWhileServing: false, ...own, ...shared });
  });

  test.each([
    { given: 204, want: [{ from: 204, to: 204 }] },
    { given: '200-299', want: [{ from: 200, to: 299 }] },
    {
      given: [200, '404', '500-503'],
      want: [
        { from: 200, to: 200 },
        { from: 404, to: 404 },
        { from: 500, to: 503 },
      ],
    },
  ])('status $given', ({ given, want }) => {
    expect(HealthConfig.parse({ type: 'http', status: given })).toMatchObject({ status: want });
  });

  test.each([
    { why: 'an unknown probe', given: { type: 'ping' } },
    { why: 'an unknown key', given: { type: 'tcp', path: '/' } },
    { why: 'a path without slash', given: { type: 'http', path: 'health' } },
    { why: 'a path that would split the request', given: { type: 'http', path: '/ HTTP/1.1\r\n' } },
    { why: 'a header that would split the request', given: { type: 'http', headers: { a: 'b\r\nc: d' } } },
    { why: 'a header name with a space', given: { type: 'http', headers: { 'a b': 'c' } } },
    { why: 'an empty range', given: { type: 'http', status: '399-200' } },
    { why: 'no status at all', given: { type: 'http', status: [] } },
    { why: 'a body of HEAD', given: { type: 'http', method: 'HEAD', contains: 'ok' } },
    { why: 'a role that requests would have to tell', given: { type: 'mysql', skipWhileServing: true } },
    { why: 'a name that would split the login', given: { type: 'postgres', user: 'a\0database\0b' } },
    { why: 'a service of many lines', given: { type: 'grpc', service: 'a\nb' } },
    { why: 'an interval of nothing', given: { type: 'tcp', interval: 0 } },
    { why: 'no failures at all', given: { type: 'tcp', fall: 0 } },
    { why: 'more jitter than interval', given: { type: 'tcp', jitter: 1.1 } },
  ])('refuses $why', ({ given }) => {
    expect(HealthConfig.safeParse(given).success).toBe(false);
  });

  test('has a JSON Schema whose defaults are valid input', () => {
    expect(z.toJSONSchema(HealthConfig, { io: 'input' })).toMatchObject({ oneOf: expect.any(Array) });
  });

  test('has one member per registered probe', () => {
    expect(HealthConfig.options.map((each) => each.shape.type.value)).toEqual(probes.types);
  });
});
