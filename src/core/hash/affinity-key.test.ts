import { describe, expect, test } from 'vitest';
import { AffinityKey } from './affinity-key.ts';

describe('AffinityKey', () => {
  test.each([
    ...['client-ip', 'host', 'path', 'header:X-User', 'header:x_user', 'cookie:sid', 'cookie:__Host-id'],
    ...['query:user', 'query:filter[user]', 'query:us%65r', 'query:a:b'],
  ])('%s', (key) => expect(AffinityKey.parse(key)).toBe(key));

  test('absent: the client’s address', () => expect(AffinityKey.parse(undefined)).toBe('client-ip'));

  test.each([
    ...['', 'clientip', 'client-ip ', 'header', 'header:', 'header:a b', 'header:a:b', 'cookie:a=b', 'cookie:a;b'],
    ...['query:', 'query:a=b', 'query:a&b', 'query:a#b', 'query:a b', 'query:\u00e4', 'path:x', 'Header:a'],
  ])('"%s" is refused', (key) => {
    expect(AffinityKey.safeParse(key).error?.issues[0]?.message).toBe(
      `"${key}" is no key; write client-ip, host, path, header:<name>, cookie:<name> or query:<name>`,
    );
  });
});
