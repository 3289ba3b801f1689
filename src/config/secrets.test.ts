import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HIDDEN } from '../core/kernel/url-secrets.ts';
import { effectiveConfig, effectiveInput } from './effective.ts';
import { parseConfig } from './load.ts';
import { hiddenIn, isSecret, shownText, withSecretsOf } from './secrets.ts';

test.each([
  [['admin', 'token'], true],
  [['admin', 'readToken'], true],
  [['admin', 'bind'], false],
  [['pools', 'a', 'health', 'password'], true],
  [['pools', 'a', 'health', 'headers', 'Authorization'], true],
  [['pools', 'a', 'health', 'headers', 'x-api-key'], true],
  [['pools', 'a', 'health', 'headers', 'X-Auth-Token'], true],
  [['pools', 'a', 'health', 'headers', 'accept'], false],
  [['pools', 'password'], false],
  [['pools', 'admin', 'token'], false],
  [['listeners', 'token'], false],
])('%j: %s', (path, want) => expect(isSecret(path)).toBe(want));

const redirect = ['listeners', 'w', 'routes', 0, 'redirect', 'to'];

test.each([
  [['tracing', 'endpoint'], 'http://c/v1?key=abc', 'http://c/v1?key=***'],
  [['tracing', 'headers', 'x'], 'abc', '***'],
  [['pools', 'a', 'health', 'path'], '/health?key=abc', '/health?key=***'],
  [['pools', 'a', 'policy', 'whatever'], 'redis://:abc@cache/0', 'redis://***@cache/0'],
  [redirect, 'https://{host}{path}?from=here', 'https://{host}{path}?from=here'],
  [['listeners', 'w', 'routes', 0, 'respond', 'body'], 'http://a?b=c', 'http://a?b=c'],
  [['pools', 'a', 'endpoints', 0, 'id'], 'a?b=c', 'a?b=c'],
])('%j: %s is shown as %s', (path, text, shown) => expect(shownText(text, path)).toBe(shown));

const text = `
admin: { bind: 127.0.0.1:9, token: hush, readToken: psst }
listeners: { w: { bind: 127.0.0.1:1, pool: a } }
pools:
  a:
    endpoints: [1, { id: "***", address: 2 }]
    health: { type: http, headers: { authorization: Basic aGk=, accept: "***" } }
`;

describe('a configuration', () => {
  const load = (from: string) => {
    const result = parseConfig(from, { file: 'f', env: {} });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result.config;
  };
  const config = load(text);

  test('is shown without its secrets', () => {
    const shown = JSON.stringify(effectiveInput(config));
    expect(shown).not.toMatch(/hush|psst|aGk=/);
    expect(shown.split(HIDDEN)).toHaveLength(6);
  });

  test('gets them back', () => {
    expect(withSecretsOf(load(JSON.stringify(effectiveInput(config))), config)).toEqual(config);
  });

  test('keeps what is new, and what nobody knows', () => {
    const next = load(
      text
        .replace('hush', 'other')
        .replace('Basic aGk=', '"***"')
        .replaceAll(' a:', ' b:')
        .replace('pool: a', 'pool: b'),
    );
    expect(withSecretsOf(next, config)).toEqual(next);
  });
});

const endpointPath = ['tracing', 'endpoint'];
const headerPath = ['tracing', 'headers', 'x-key'];
const healthPath = ['pools', 'a', 'health', 'path'];

describe('URLs', () => {
  const load = (endpoint: string, key = 'psst', path = '/') => {
    const tracing = { endpoint, headers: { 'x-key': key } };
    const pools = { a: { endpoints: [1], health: { type: 'http', path } } };
    const listeners = { w: { bind: '127.0.0.1:1', pool: 'a' } };
    const result = parseConfig(JSON.stringify({ tracing, listeners, pools }), { file: 'f', env: {} });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result.config;
  };
  const known = load('http://c:1/v1?key=abc&b=c', 'psst', '/up?key=def');

  test('show no secret, whatever it is, and get it back', () => {
    const secret = fc.stringMatching(/^[A-Z][A-Za-z0-9._~!$'()*+,;:@/?%=-]{4,20}[A-Z]$/);
    fc.assert(
      fc.property(secret, (value) => {
        const config = load(`https://c/v1/traces?a=b&key=${value}`, 'psst', `/health?${value}`);
        const input = effectiveInput(config);
        expect(JSON.stringify(input)).not.toContain(value);
        expect(effectiveConfig(config, input)).not.toContain(value);
        const back = load('https://c/v1/traces?a=***&key=***', '***', shownText(`/health?${value}`, healthPath));
        expect(withSecretsOf(back, config)).toEqual(config);
      }),
      { seed: 1 },
    );
  });

  test('are hidden in what is wrong with them', () => {
    const secret = fc.stringMatching(/^[A-Z][A-Za-z0-9._~!$()*+,;:-]{4,20}[A-Z]$/);
    fc.assert(
      fc.property(secret, (value) => {
        const urls = [
          `http://me:${value}@c/v1`,
          `ftp://me:${value}@c/v1?a=b`,
          `http://c?key=${value}`,
          `c/v1?key=${value}`,
        ];
        for (const url of urls) {
          const listeners = { w: { bind: url, pool: 'a' } };
          const pools = { a: { endpoints: [url], policy: url, health: { type: url } } };
          const file = { tracing: { endpoint: url, sampleRate: url }, accessLog: { path: url }, listeners, pools };
          const result = parseConfig(JSON.stringify(file), { file: 'f', env: {} });
          if (result.ok) throw new Error('it has no mistake');
          // Where it has a scheme it is a URL wherever it stands.
          const told = result.problems.filter(({ path }) => url.includes('://') || path.startsWith('tracing.endpoint'));
          expect(told.length).toBeGreaterThan(0);
          expect(JSON.stringify(told)).not.toContain(value);
        }
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  test.each([
    {
      why: 'the same collector',
      endpoint: 'http://c:1/v1?key=***&b=***',
      wants: ['http://c:1/v1?key=abc&b=c', 'psst'],
    },
    { why: 'another path there', endpoint: 'http://c:1/v2', wants: ['http://c:1/v2', 'psst'] },
    { why: 'another key there', endpoint: 'http://c:1/v1?key=new', wants: ['http://c:1/v1?key=new', 'psst'] },
    { why: 'another port', endpoint: 'http://c:2/v1?key=***&b=***', wants: ['http://c:2/v1?key=***&b=***', '***'] },
    { why: 'another scheme', endpoint: 'https://c:1/v2', wants: ['https://c:1/v2', '***'] },
  ])('of a collector are sent to no other one: $why', ({ endpoint, wants }) => {
    const { tracing } = withSecretsOf(load(endpoint, '***'), known);
    expect([tracing!.endpoint, tracing!.headers['x-key']]).toEqual(wants);
  });

  test.each([
    { why: 'nothing is', config: known, wants: [] },
    {
      why: 'headers and parameters',
      config: load('http://c/v1?key=***', '***', '/?a=***'),
      wants: [endpointPath, headerPath, healthPath],
    },
    { why: 'stars are no secret elsewhere', config: { pools: { a: { endpoints: [{ id: '***' }] } } }, wants: [] },
    { why: 'nor in a path', config: { tracing: { endpoint: 'http://c/***/x' } }, wants: [] },
  ])('what is hidden: $why', ({ config, wants }) => expect(hiddenIn(config)).toEqual(wants));
});
