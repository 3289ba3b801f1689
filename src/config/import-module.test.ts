import { expect, test } from 'vitest';
import { moduleFault } from './import-module.ts';

test.each([
  {
    why: 'TypeScript on a Node that runs none',
    code: 'ERR_UNKNOWN_FILE_EXTENSION',
    message: 'Unknown file extension ".ts" for /x/a.ts',
    want: { message: 'Node does not run TypeScript', fix: 'write it in JavaScript, or install Bun' },
  },
  { why: 'what it throws', code: 'ANY', message: 'no database', want: { message: 'no database' } },
])('$why', ({ code, message, want }) => {
  expect(moduleFault(Object.assign(new Error(message), { code }))).toEqual(want);
});
