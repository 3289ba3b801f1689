import { describe, expect, test } from 'vitest';
import { createPool } from './create-pool.ts';

const PAIR = [
  { id: 'a', address: 'a:1', role: 'primary' },
  { id: 'b', address: 'b:1', role: 'replica' },
] as const;

describe('roles', () => {
  test('a pick may ask for one', () => {
    const pool = createPool({ endpoints: PAIR });
    const picked = Array.from({ length: 4 }, () => pool.pick({ role: 'replica' }).endpoint?.id);
    expect([...picked, pool.pick({ role: 'primary' }).endpoint?.id]).toEqual(['b', 'b', 'b', 'b', 'a']);
    expect(pool.endpoints.map(({ id, role }) => [id, role])).toEqual([
      ['a', 'primary'],
      ['b', 'replica'],
    ]);
    pool.close();
  });

  test('follows what the program says, and says when nobody has it', () => {
    const pool = createPool({ endpoints: PAIR });
    pool.update({ endpoints: PAIR.map((each) => ({ ...each, role: 'replica' })) });
    expect(pool.pick({ role: 'primary' })).toEqual({ none: 'none-of-role' });
    pool.close();
  });

  test('another word is refused', () => {
    const endpoints = [{ address: 'a:1', role: 'master' as 'primary' }];
    expect(() => createPool({ endpoints })).toThrow(/endpoints\[0\]\.role/);
  });
});
