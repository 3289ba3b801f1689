import { expect, test } from 'vitest';
import { surviveExceptions } from './exceptions.ts';

test.each(['uncaughtException', 'unhandledRejection'] as const)('%s is logged and ends nothing', (event) => {
  const logged: string[] = [];
  const before = process.listenerCount(event);
  const stop = surviveExceptions((_, message) => logged.push(message));
  const [survive] = process.listeners(event as 'uncaughtException').slice(before);
  survive?.(new Error('broken'), event);
  stop();
  expect(logged).toEqual([expect.stringMatching(/^unexpected: Error: broken\n.*exceptions\.test\.ts/s)]);
  expect(process.listenerCount(event)).toBe(before);
});
