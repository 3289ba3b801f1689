import { describe, expect, test } from 'vitest';
import { policies } from '../core/policies/registry.ts';
import { policyNeeds } from './policy-needs.ts';

describe('policyNeeds', () => {
  test.each([
    { policy: 'p2c', want: { key: 'client-ip', reports: false } },
    { policy: { type: 'ring-hash', key: 'client-ip' }, want: { key: 'client-ip', reports: false } },
    { policy: { type: 'maglev', key: 'cookie:sid' }, want: { key: 'cookie:sid', reports: false } },
    { policy: { type: 'prequal' }, want: { key: 'client-ip', reports: true } },
    {
      policy: { type: 'bounded-load', policy: { type: 'rendezvous', key: 'path' } },
      want: { key: 'path', reports: false },
    },
    {
      policy: { type: 'zone-aware', policy: { type: 'geographic', policy: { type: 'ring-hash', key: 'host' } } },
      want: { key: 'host', reports: false },
    },
    { policy: { type: 'zone-aware', policy: 'prequal' }, want: { key: 'client-ip', reports: true } },
    { policy: { type: 'module', module: '/a.ts#b' }, want: { key: 'client-ip', reports: false } },
  ] as const)('$policy', ({ policy, want }) => expect(policyNeeds(policy)).toEqual(want));

  test('who wants reports', () => {
    const wanting = policies.types.filter((type) => policyNeeds(type).reports);
    expect(wanting).toEqual(['prequal']);
  });
});
