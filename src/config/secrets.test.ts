import { describe, expect, test } from 'vitest';
import { effectiveInput } from './effective.ts';
import { parseConfig } from './load.ts';
import { HIDDEN, isSecret, withSecretsOf } from './secrets.ts';

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
