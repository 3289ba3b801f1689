import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closest, editDistance, proposal } from './proposal.ts';

describe('editDistance', () => {
  test.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['', 'abc', 3],
    ['polcy', 'policy', 1],
    ['ab', 'ba', 1],
    ['kitten', 'sitting', 3],
  ])('%s → %s', (a, b, want) => expect(editDistance(a, b)).toBe(want));

  test('is symmetric, and zero for equals alone', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe('closest', () => {
  const keys = ['policy', 'endpoints', 'pools', 'pool', 'health', 'maxConnections'];
  test.each([
    ['polcy', 'policy'],
    ['Policy', 'policy'],
    ['max_connections', 'maxConnections'],
    ['servers', 'endpoints'],
    ['upstream', 'pool'],
    ['healthCheck', 'health'],
    ['end', 'endpoints'],
    ['po', undefined],
    ['zzz', undefined],
  ])('%s', (word, want) => expect(closest(word, keys)).toBe(want));

  test('signs between words are no letters of a slip', () => {
    expect(closest('iphsh', ['first', 'ip-hash'])).toBe('ip-hash');
  });

  test('an equal candidate always wins', () => {
    fc.assert(fc.property(fc.constantFrom(...keys), (key) => closest(key, keys) === key));
  });
});

test('without a near one, what there is', () => expect(proposal('zzz', ['a', 'b'])).toBe('known here: a, b'));
