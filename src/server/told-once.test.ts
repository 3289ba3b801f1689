import { expect, test } from 'vitest';
import { ToldOnce } from './told-once.ts';

const failed = { kind: 'tracing', to: 'failed', reason: 'x' } as const;
const resumed = { kind: 'tracing', to: 'resumed', reason: 'y' } as const;
const policy = (reason: string) => ({ kind: 'policy', pool: 'main', reason }) as const;

test('a collector fails for the first worker and is back for the last', () => {
  const told = new ToldOnce();
  const heard = [told.isNews(0, failed), told.isNews(1, failed), told.isNews(0, resumed), told.isNews(1, resumed)];
  expect(heard).toEqual([true, false, false, true]);
  expect([told.isNews(1, failed), told.isNews(1, resumed)]).toEqual([true, true]);
});

test('a worker that has ended waits for no collector', () => {
  const told = new ToldOnce();
  told.isNews(0, failed);
  told.left(0);
  expect(told.isNews(1, failed)).toBe(true);
});

test('a mistake in a policy is told once for each configuration, everything else each time', () => {
  const told = new ToldOnce();
  expect([told.isNews(0, policy('a')), told.isNews(1, policy('a')), told.isNews(1, policy('b'))]).toEqual([
    true,
    false,
    true,
  ]);
  told.forget();
  expect(told.isNews(1, policy('a'))).toBe(true);
  const lost = { kind: 'log-failed', reason: 'x' } as const;
  expect([told.isNews(0, lost), told.isNews(0, lost)]).toEqual([true, true]);
});
