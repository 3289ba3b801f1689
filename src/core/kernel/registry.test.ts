import { describe, expect, test } from 'vitest';
import { EquipoiseError } from './errors.ts';
import { defineRegistry } from './registry.ts';

const pear = { type: 'pear', seeds: 5 };
const plum = { type: 'plum', seeds: 1 };

describe('defineRegistry', () => {
  test('finds a definition by its type and keeps the order', () => {
    const fruit = defineRegistry([plum, pear]);
    expect(fruit.get('pear')).toBe(pear);
    expect(fruit.types).toEqual(['plum', 'pear']);
    expect(fruit.definitions).toEqual([plum, pear]);
  });

  test.each(['apple', '', 'constructor', '__proto__'])('knows nothing of %j', (type) => {
    expect(defineRegistry([plum]).get(type)).toBeUndefined();
  });

  test('refuses a repeated type and names it', () => {
    const repeat = () => defineRegistry([plum, pear, { type: 'plum' }]);
    expect(repeat).toThrow(EquipoiseError);
    expect(repeat).toThrow(/'plum'/);
    try {
      repeat();
    } catch (error) {
      expect((error as EquipoiseError).code).toBe('registry-duplicate');
    }
  });

  test('is not changed by its caller: extending makes another one', () => {
    const given: { type: string }[] = [plum];
    const fruit = defineRegistry(given);
    given.push(pear);
    expect(fruit.types).toEqual(['plum']);
    expect(() => (fruit.definitions as { type: string }[]).push(pear)).toThrow();
    expect(defineRegistry([...fruit.definitions, pear]).types).toEqual(['plum', 'pear']);
  });
});
