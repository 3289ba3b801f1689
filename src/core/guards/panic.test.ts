import { expect, test } from 'vitest';
import { isPanic } from './panic.ts';

test.each([
  { passing: 2, members: 4, below: 0.5, want: false },
  { passing: 1, members: 4, below: 0.5, want: true },
  { passing: 0, members: 4, below: 0.5, want: true },
  { passing: 0, members: 4, below: 0, want: false },
  { passing: 3, members: 4, below: 1, want: true },
  { passing: 4, members: 4, below: 1, want: false },
  { passing: 0, members: 0, below: 1, want: false },
])('$passing of $members, below $below: $want', ({ passing, members, below, want }) => {
  expect(isPanic(passing, members, below)).toBe(want);
});
