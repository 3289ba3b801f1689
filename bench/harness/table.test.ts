import { expect, test } from 'vitest';
import { formatTable } from './table.ts';

test('columns are aligned, medians carry their spread', () => {
  const text = formatTable([
    {
      ...{ scenario: 'small', figure: 'CPU', unit: 'µs', digits: 1, ratio: 0.8, ratioOf: 'equipoise / haproxy' },
      cells: [
        { name: 'equipoise', median: 8, least: 7.5, most: 9 },
        { name: 'haproxy', median: 10, least: 10, most: 10 },
      ],
      target: { atMost: 1, tolerance: 0.05 },
      verdict: 'PASS',
    },
  ]);
  expect(text.split('\n')).toEqual([
    '          equipoise       haproxy  ratio                     target',
    'CPU (µs)  8.0 [7.5..9.0]  10.0     0.80 equipoise / haproxy  <= 1 (+0.05)  PASS',
  ]);
});
