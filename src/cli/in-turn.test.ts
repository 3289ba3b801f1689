import { expect, test } from 'vitest';
import { inTurn } from './in-turn.ts';

test('a slow one is not overtaken', async () => {
  const ends: (() => void)[] = [];
  const call = inTurn(() => new Promise((resolve) => ends.push(resolve)));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  call();
  call();
  await turn();
  expect(ends).toHaveLength(1);
  ends[0]!();
  await turn();
  expect(ends).toHaveLength(2);
});
