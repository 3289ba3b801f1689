import { describe, expect, test } from 'vitest';
import { createTransport } from './detect.ts';

const HAS_BUN = 'Bun' in globalThis;
const onHandlerError = () => {};

describe('createTransport', () => {
  test('follows the runtime', () => {
    expect(createTransport({ onHandlerError }).name).toBe(HAS_BUN ? 'bun' : 'node');
  });

  test('node can be asked for anywhere', () => {
    expect(createTransport({ runtime: 'node', onHandlerError }).name).toBe('node');
  });

  test.skipIf(HAS_BUN)('bun without Bun is an error that says so', () => {
    expect(() => createTransport({ runtime: 'bun', onHandlerError })).toThrow('the bun transport needs Bun');
  });
});
