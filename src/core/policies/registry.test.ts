import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { EquipoiseError } from '../kernel/errors.ts';
import type { PolicyDefinition } from '../kernel/policy.ts';
import { defineRegistry } from '../kernel/registry.ts';
import { endpoints, pickRequest, policyDeps, seededRng } from '../testing/index.ts';
import { createPolicy, policies } from './registry.ts';
import { PolicyOptions } from './schema.ts';

const NOT_POLICIES = ['registry', 'schema'];

/** The tags of the folder: every source file that is no test. */
const tags = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => file.replace('.ts', ''))
  .filter((tag) => !NOT_POLICIES.includes(tag))
  .sort();

const schemaTypes = () => PolicyOptions.out.options.map((each) => each.shape.type.value);

describe('the folder', () => {
  test('is the registry, in the same order', () => {
    expect(policies.types).toEqual(tags as typeof policies.types);
  });

  test('is the schema, in the same order', () => {
    expect(schemaTypes()).toEqual(tags as ReturnType<typeof schemaTypes>);
  });

  test.each(tags)('%s is documented', (tag) => {
    const pages = readdirSync(new URL('../../../docs/algorithms/', import.meta.url));
    expect(pages).toContain(`${tag}.md`);
  });
});

const PICKS = 600;

test.each(policies.definitions)('$type: weights decide, unless it says that it ignores them', (definition) => {
  const deps = policyDeps({ rng: seededRng(3) });
  const policy = createPolicy(definition.type, deps);
  policy.update(endpoints([{ weight: 1 }, { weight: 8 }]));
  const heavier = Array.from({ length: PICKS }, (_, at) =>
    policy.pick(pickRequest({ clientIp: `10.0.0.${at}` }), null),
  );
  const share = heavier.filter((slot) => slot === 1).length / PICKS;
  // Even shares deviate by 1/(2 sqrt 600) = 0.02; keys on a ring by as much as half a share. 8/9 is far from both.
  expect(share > 0.7).toBe(definition.ignoresWeights !== true);
});

describe('createPolicy', () => {
  test.each(policies.types)('makes %s by its type, as text or as an object, without options', (type) => {
    for (const options of [type, { type }, PolicyOptions.parse(type)]) {
      const policy = createPolicy(options, policyDeps());
      policy.update(endpoints([{ slot: 17 }]));
      expect(policy.pick(pickRequest(), null)).toBe(17);
    }
  });

  test.each(['p3c', { type: 'P2C' }, ''])('refuses %j and names what there is', (options) => {
    let error: unknown;
    try {
      createPolicy(options, policyDeps());
    } catch (thrown) {
      error = thrown;
    }
    expect((error as EquipoiseError).code).toBe('policy-unknown');
    expect((error as EquipoiseError).message).toContain('ring-hash');
  });

  test("takes an embedder's registry", () => {
    const mine: PolicyDefinition<'mine', { type: 'mine' }> = {
      type: 'mine',
      create: (_options, deps) => createPolicy('random', deps),
    };
    const extended = defineRegistry([...policies.definitions, mine]);
    expect(createPolicy('mine', policyDeps(), extended).pick(pickRequest(), null)).toBe(-1);
  });
});

describe('PolicyOptions', () => {
  test.each([
    { given: 'p2c', want: { type: 'p2c' } },
    { given: 'ring-hash', want: { type: 'ring-hash', hash: 'xxhash32', key: 'client-ip' } },
    {
      given: { type: 'ring-hash', virtualNodes: 7 },
      want: { type: 'ring-hash', hash: 'xxhash32', virtualNodes: 7, key: 'client-ip' },
    },
    {
      given: 'bounded-load',
      want: {
        type: 'bounded-load',
        factor: 1.25,
        policy: { type: 'ring-hash', hash: 'xxhash32', key: 'client-ip' },
      },
    },
    {
      given: { type: 'bounded-load', factor: 2, policy: 'ip-hash' },
      want: { type: 'bounded-load', factor: 2, policy: { type: 'ip-hash' } },
    },
    { given: { type: 'least-response-time' }, want: { type: 'least-response-time', initialMs: 0 } },
  ])('$given', ({ given, want }) => {
    expect(PolicyOptions.parse(given) as unknown).toEqual(want);
  });

  test.each([
    { given: 'p3c', path: 'type' },
    { given: { type: 'nope' }, path: 'type' },
    { given: {}, path: 'type' },
    { given: { type: 'p2c', draws: 2 }, path: '', keys: ['draws'] },
    { given: { type: 'ring-hash', virtualNodes: 0 }, path: 'virtualNodes' },
    { given: { type: 'ring-hash', virtualNodes: 10_001 }, path: 'virtualNodes' },
    { given: { type: 'ring-hash', virtualNodes: 1.5 }, path: 'virtualNodes' },
    { given: { type: 'ring-hash', key: 'url' }, path: 'key' },
    { given: { type: 'ring-hash', hash: 'md5' }, path: 'hash' },
    { given: { type: 'maglev', tableSize: 65_536 }, path: 'tableSize' },
    { given: { type: 'least-response-time', initialMs: -1 }, path: 'initialMs' },
    { given: { type: 'bounded-load', factor: 0.9 }, path: 'factor' },
    { given: { type: 'bounded-load', policy: 'p2c' }, path: 'policy.type' },
    { given: { type: 'bounded-load', policy: { type: 'bounded-load' } }, path: 'policy.type' },
    { given: { type: 'bounded-load', policy: { type: 'ring-hash', virtualNodes: 0 } }, path: 'policy.virtualNodes' },
    { given: { type: 'bounded-load', policy: { type: 'ring-hash', x: 0 } }, path: 'policy', keys: ['x'] },
    { given: 3, path: '' },
  ])('refuses $given at $path', ({ given, path, keys }) => {
    const issue = PolicyOptions.safeParse(given).error!.issues[0]!;
    expect(issue.path.join('.')).toBe(path);
    if (keys !== undefined) expect(issue).toMatchObject({ code: 'unrecognized_keys', keys });
  });

  test('its JSON Schema allows the type alone and the object', () => {
    const schema = z.toJSONSchema(z.object({ policy: PolicyOptions }), { io: 'input' });
    expect(schema.properties!.policy).toEqual({ $ref: '#/$defs/policy' });
    const { anyOf } = schema.$defs!.policy as { anyOf: [{ enum: string[] }, { oneOf: unknown[] }] };
    expect(anyOf[0].enum).toEqual(tags);
    expect(anyOf[1].oneOf.length).toBe(tags.length);
  });
});
