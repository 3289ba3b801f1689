import { expect, test } from 'vitest';
import { JSON_TEXT } from './escaping.ts';
import { KnownTexts } from './known-texts.ts';

const read = (texts: KnownTexts, text: string): string => new TextDecoder().decode(texts.of(text));

test('each text is its own, also the same one again, and those beyond what is remembered', () => {
  const texts = new KnownTexts('<', '>', JSON_TEXT, 'none');
  for (const text of ['a', 'b', 'b', 'a', '"']) expect(read(texts, text)).toBe(text === '"' ? '<\\">' : `<${text}>`);
  expect([read(texts, ''), read(texts, '')]).toEqual(['none', 'none']);
  for (let i = 0; i < 10_100; i++) texts.of(`name ${i}`);
  expect([read(texts, 'name 10050'), read(texts, 'name 3')]).toEqual(['<name 10050>', '<name 3>']);
  const known = texts.of('name 3');
  expect(texts.of('name 3')).toBe(known);
  expect(read(texts, '')).toBe('none');
});
