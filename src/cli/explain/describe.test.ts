import { expect, test } from 'vitest';
import type { ExplainedWire } from '../../admin/explain-wire.ts';
import { describeExplanation } from './describe.ts';

test('a pool without endpoints: every route with its reason, and that there is none', () => {
  const explained: ExplainedWire = {
    ...{ listener: 'web', listenerReason: 'it is the only one', clientIp: '127.0.0.1', route: 1, pool: 'empty' },
    routes: [
      {
        ...{ index: 0, name: '/a', matches: false },
        failed: [{ condition: 'path', wanted: ['/a', '/b'], found: '/x' }],
      },
      { index: 1, name: '*', matches: true, failed: [] },
    ],
    pick: { none: 'no-endpoints', notes: [], endpoints: [] },
  };
  expect(describeExplanation(explained)).toBe(
    [
      'listener web: it is the only one',
      'client   127.0.0.1',
      '         0 /a: path is /x, not /a or /b',
      'route    1 *: matches',
      'pool     empty',
      'pick     nobody: the pool has no endpoint',
      '',
    ].join('\n'),
  );
});
