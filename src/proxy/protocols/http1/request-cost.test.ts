import { describe, expect, test } from 'vitest';
import type { CostOptions } from '../../../control/pool-options.ts';
import type { CostFunction } from '../../request-cost.ts';
import { parseRequest } from '../../testing/heads.ts';
import { COMPLETE } from './field-scanner.ts';
import { compileCost } from './request-cost.ts';

const post = (...lines: string[]) => `POST /p?q=1 HTTP/1.1\r\n${['Host: a:80', ...lines].join('\r\n')}\r\n\r\n`;

function costOf(cost: CostOptions, text: string, own?: CostFunction, errors: Error[] = []): number {
  const { head, status } = parseRequest(text);
  expect(status).toBe(COMPLETE);
  return compileCost(cost, own, (error) => errors.push(error))!(head);
}

test('without a cost nothing is read', () => expect(compileCost(undefined, undefined, () => {})).toBeNull());

describe('content-length', () => {
  test.each([
    { lines: [], want: 1 },
    { lines: ['Transfer-Encoding: chunked'], want: 1 },
    { lines: ['Content-Length: 0'], want: 1 },
    { lines: ['Content-Length: 65535'], want: 1 },
    { lines: ['Content-Length: 65536'], want: 2 },
    { lines: ['Content-Length: 1048576'], want: 17 },
    { lines: ['Content-Length: 9007199254740991'], want: 10_000 },
  ])('$lines', ({ lines, want }) => expect(costOf('content-length', post(...lines))).toBe(want));
});

describe('header', () => {
  test.each([
    { lines: ['X-Cost: 7'], want: 7 },
    { lines: ['x-cost:  0007 '], want: 7 },
    { lines: ['X-Cost: 7', 'X-Cost: 9'], want: 7 },
    { lines: ['X-Cost: 10001'], want: 10_000 },
    { lines: ['X-Cost: 9999999999999999'], want: 1 },
    ...['', '0', '-3', '+3', '2.5', '1e3', '0x9', '7,8', 'seven', 'NaN', 'Infinity', '9'.repeat(400)].map((value) => ({
      lines: [`X-Cost: ${value}`],
      want: 1,
    })),
    { lines: [], want: 1 },
  ])('$lines', ({ lines, want }) => expect(costOf('header:X-Cost', post(...lines))).toBe(want));
});

describe('a function', () => {
  const module = { module: '/etc/cost.ts#cost' };

  test('sees the request', () => {
    const seen: unknown[] = [];
    const own: CostFunction = ({ method, host, path, query, contentLength, header }) => {
      seen.push(method, host, path, query, contentLength, typeof header);
      return 3;
    };
    expect(costOf(module, post('X-A: 1', 'Content-Length: 5'), own)).toBe(3);
    expect(seen).toEqual(['POST', 'a:80', '/p', 'q=1', 5, 'function']);
    const headers: CostFunction = ({ header, contentLength, query }) => {
      seen.push(header('x-a'), header('X-B'), contentLength, query);
      return 1;
    };
    seen.length = 0;
    costOf(module, 'POST /p HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-A: 2\r\nTransfer-Encoding: chunked\r\n\r\n', headers);
    expect(seen).toEqual(['1', undefined, -1, '']);
  });

  test.each([
    { gives: 2.1, want: 3 },
    { gives: 0, want: 1 },
    { gives: -5, want: 1 },
    { gives: 1e9, want: 10_000 },
    { gives: Number.POSITIVE_INFINITY, want: 10_000 },
  ])('that gives $gives', ({ gives, want }) => {
    const errors: Error[] = [];
    expect(costOf(module, post(), () => gives, errors)).toBe(want);
    expect(errors).toEqual([]);
  });

  test.each([
    { why: 'throws', own: () => JSON.parse('{'), want: /^\/etc\/cost\.ts#cost threw: .*; such requests cost 1$/ },
    { why: 'gives a promise', own: async () => 3, want: /gave object/ },
    { why: 'gives no number', own: () => Number.NaN, want: /gave NaN/ },
    { why: 'gives nothing', own: () => undefined, want: /gave undefined/ },
  ])('that $why is reported once, and costs 1', ({ own, want }) => {
    const errors: Error[] = [];
    const { head } = parseRequest(post());
    const cost = compileCost(module, own as unknown as CostFunction, (error) => errors.push(error))!;
    expect([cost(head), cost(head)]).toEqual([1, 1]);
    expect(errors.map((error) => error.message)).toEqual([expect.stringMatching(want)]);
  });

  test('that was not imported is refused', () => {
    expect(() => compileCost(module, undefined, () => {})).toThrow(expect.objectContaining({ code: 'config-invalid' }));
  });
});
