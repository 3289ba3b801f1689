import { misread, nameOf, type Reading, scalar } from './reading.ts';

function readHidden(value: unknown): Reading<'all' | readonly string[]> {
  if (value === 'all') return { value };
  const names = Array.isArray(value) ? value : [value];
  if (names.every((each) => typeof each === 'string' && each !== '')) return { value: names as string[] };
  return misread(`expected all or a list of parameters, found ${nameOf(value)}`, 'write all, or [token, code]');
}

/** Parameters whose values are not to be seen: one, a list, or `all`, which is the whole query. */
export const HiddenQuery = scalar<'all' | readonly string[], 'all' | string | readonly string[]>(readHidden, {
  anyOf: [{ const: 'all' }, { type: 'string' }, { type: 'array', items: { type: 'string' } }],
});
