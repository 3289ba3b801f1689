import { expect, test } from 'vitest';
import { createShownQuery } from './shown-query.ts';

test.each([
  { hidden: [], query: 'token=1', want: 'token=1' },
  { hidden: 'all' as const, query: 'token=1&a=2', want: '***' },
  { hidden: 'all' as const, query: '', want: '' },
  { hidden: ['token'], query: '', want: '' },
  { hidden: ['token'], query: 'a=1&token=se=cret&token&b', want: 'a=1&token=***&token&b' },
  { hidden: ['token'], query: 'to%6ben=1&%zz=2&Token=3', want: 'to%6ben=***&%zz=2&Token=3' },
])('$hidden of $query leaves $want', ({ hidden, query, want }) => {
  expect(createShownQuery(hidden)(query)).toBe(want);
});
