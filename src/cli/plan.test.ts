import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const cwd = mkdtempSync(join(tmpdir(), 'equipoise-plan-'));
afterAll(() => rmSync(cwd, { recursive: true }));

const MAIN = join(import.meta.dirname, 'main.ts');

/** The real program, on the runtime of the test. */
function run(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'plan', ...args], {
    cwd,
    input,
    encoding: 'utf8',
  });
  return { code: status, out: stdout, err: stderr };
}

/** Plans a batch that comes from standard input; the answer as data. */
function planOf(batch: unknown, ...args: string[]) {
  const { code, out, err } = run(['-', '--json', ...args], JSON.stringify(batch));
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
}

const square = [
  [4, 1, 3],
  [2, 0, 5],
  [3, 2, 2],
];
const full = {
  requests: [
    { id: 'search', latencyMs: { a: 10, b: 30 }, resource: { a: 5 } },
    { id: 'export', size: 8, latencyMs: { a: 10, b: 12 } },
    { id: 'login', latencyMs: { b: 8 } },
  ],
  endpoints: [
    { id: 'a', capacity: 1, load: 2 },
    { id: 'b', capacity: 2, load: 0 },
  ],
  weights: { latency: 0.5, load: 0.3, resource: 0.2 },
};

describe('--json', () => {
  test('a matrix', () => {
    expect(planOf({ costs: square })).toEqual({ assignment: [1, 0, 2], total: 5, infeasible: [] });
  });

  test('from a file', () => {
    writeFileSync(join(cwd, 'batch.json'), JSON.stringify({ costs: square }));
    expect(JSON.parse(run(['batch.json', '--json']).out).total).toBe(5);
  });

  test.each([
    {
      why: 'more rows than columns: ceil(rows / columns) each',
      batch: {
        costs: [
          [1, 9],
          [1, 9],
          [1, 2],
        ],
      },
      total: 4,
    },
    {
      why: 'capacities',
      batch: {
        costs: [
          [1, 9],
          [1, 9],
          [1, 2],
        ],
        capacities: [3, 0],
      },
      total: 3,
    },
    {
      why: 'as many as possible before cost',
      batch: {
        costs: [
          [0, 1000],
          [0, null],
        ],
      },
      total: 1000,
    },
    {
      why: 'negative costs',
      batch: {
        costs: [
          [-4, -1],
          [-3, -2],
        ],
      },
      total: -6,
    },
    { why: 'nothing', batch: { costs: [] }, total: 0 },
  ])('$why', ({ batch, total }) => expect(planOf(batch).total).toBe(total));

  test('what cannot be assigned', () => {
    expect(
      planOf({
        costs: [
          [null, null],
          [1, 2],
        ],
      }),
    ).toEqual({ assignment: [-1, 0], total: 1, infeasible: [0] });
  });

  test('requests and endpoints: 0.5 latency + 0.3 (load + 1)² + 0.2 resource', () => {
    // search at a: 5 + 0.3 · 9 + 1 = 8.7; export at b: 6 + 0.3 = 6.3; login at b: 4 + 0.3 = 4.3
    const { assignment, total, infeasible } = planOf(full);
    expect([assignment, infeasible]).toEqual([[0, 1, 1], []]);
    expect(total).toBeCloseTo(8.7 + 6.3 + 4.3, 9);
    // The same numbers are the weights' defaults.
    expect(planOf({ requests: full.requests, endpoints: full.endpoints }).total).toBe(total);
  });

  test.each(['annealing', 'ant-colony'])('%s: the same optimum, the same with the same seed', (method) => {
    const found = planOf(full, '--method', method, '--seed', '7');
    expect(found).toMatchObject({ assignment: [0, 1, 1], infeasible: [] });
    expect(found.total).toBeCloseTo(found.optimum, 9);
    expect(planOf(full, '--method', method, '--seed', '7')).toEqual(found);
  });

  test.each(['annealing', 'ant-colony'])('%s: growing load counts the sizes that the batch assigns', (method) => {
    // a gets search: 5 + 1; b the others: 6 + 4; and 0.3 · ((2 + 1)² + (0 + 8 + 1)²)
    expect(planOf(full, '--method', method, '--load', 'growing').total).toBeCloseTo(16 + 0.3 * (9 + 81), 9);
  });

  test('annealing tells its energies, the ant colony its costs', () => {
    expect(planOf(full, '--method', 'annealing').energies.length).toBeGreaterThan(90);
    expect(planOf(full, '--method', 'ant-colony').costs).toHaveLength(60);
  });

  test('packing: times are size · latency, with a bound', () => {
    // export: 80 at a, 96 at b; search must leave a to it or go there: 10 at a, 30 at b; login: 8 at b.
    // a is busy for load · mean latency = 20 ms before.
    const { finish, makespan, lowerBound, ratio } = planOf(full, '--method', 'packing');
    expect(makespan).toBe(Math.max(...finish));
    expect(finish).toEqual([30, 104]);
    expect(ratio).toBeCloseTo(makespan / lowerBound, 12);
    expect(lowerBound).toBeLessThanOrEqual(100);
  });
});

test('for people: who goes where, what is left over and why', () => {
  const requests = [...full.requests, { id: 'report', latencyMs: { a: null } }, { id: 'batch', latencyMs: { b: 900 } }];
  expect(run(['-'], JSON.stringify({ ...full, requests }))).toEqual({
    code: 0,
    err: '',
    out: `request  endpoint  cost
search          a   8.7
export          b   6.3
login           b   4.3
report          –
batch           –

endpoint  requests  capacity   load
a                1         1  2 → 3
b                2         2  0 → 9

not assigned:
  report: no endpoint can serve it
  batch: whoever can serve it is full (b)

total 19.3, the least possible; 3 of 5 requests assigned
`,
  });
});

describe('a batch that is wrong: every mistake with its place and the way out, exit code 1', () => {
  test.each([
    {
      why: 'cells and rows',
      text: '{ "costs": [[1, 2],\n [1, "x"],\n [3]],\n "capacities": [1, -1] }',
      err: [
        'standard input:2:6 costs[1][1]: expected a number, found text "x"; write null where an endpoint cannot serve',
        'standard input:3:2 costs[2]: has 1 columns, the first row 2; give all rows a cost for each endpoint',
        'standard input:4:20 capacities[1]: -1 is too small; the least is 0',
      ],
    },
    {
      why: 'NaN, which JSON does not know',
      text: '{ "costs": [[NaN, 2]] }',
      err: [
        'standard input:1:14 costs[0][0]: expected a number, found text "NaN"; write null where an endpoint cannot serve',
      ],
    },
    {
      why: 'too few capacities',
      text: '{ "costs": [[1, 2]], "capacities": [1] }',
      err: ['standard input:1:22 capacities: has 1 entries for 2 columns; give one for each endpoint'],
    },
    {
      why: 'an unknown key',
      text: '{ "costs": [[1]], "capacity": [1] }',
      err: ['standard input:1:19 capacity: unknown key "capacity"; known here: costs, capacities'],
    },
    {
      why: 'names',
      text: '{ "requests": [{ "id": "x", "latencyMs": { "ap1": 1 } }, { "id": "x", "latencyMs": {} }],\n "endpoints": [{ "id": "api1" }] }',
      err: [
        'standard input:1:44 requests[0].latencyMs.ap1: there is no endpoint "ap1"; did you mean "api1"?',
        'standard input:1:66 requests[1].id: "x" is there twice; give each its own id',
      ],
    },
    {
      why: 'values',
      text: '{ "requests": [{ "id": "x", "size": 0, "latencyMs": { "a": -1 } }],\n "endpoints": [{ "id": "a", "load": -2, "capacity": 0.5 }],\n "weights": { "latency": "much" } }',
      err: [
        'standard input:1:37 requests[0].size: must be above 0; leave it out for 1',
        'standard input:1:60 requests[0].latencyMs.a: -1 is too small; the least is 0',
        'standard input:2:37 endpoints[0].load: -2 is too small; the least is 0',
        'standard input:2:53 endpoints[0].capacity: expected a whole number, found the number 0.5',
        'standard input:3:26 weights.latency: expected a number, found text "much"',
      ],
    },
    {
      why: 'no batch',
      text: '[1]',
      err: [
        'standard input:1:1: expected a batch, found a list; write { "costs": [[…], …] } or { "requests": […], "endpoints": […] }',
      ],
    },
    { why: 'no JSON', text: '{ "costs": [[1, 2] ', err: [expect.stringMatching(/^standard input:1:\d+: /)] },
  ])('$why', ({ text, err }) => {
    const result = run(['-', '--json'], text);
    expect([result.code, result.out]).toEqual([1, '']);
    expect(result.err.trimEnd().split('\n')).toEqual(expect.arrayContaining(err));
    if (text !== '{ "costs": [[1, 2] ') expect(result.err.trimEnd().split('\n')).toEqual(err);
  });

  test.each([
    { args: ['no.json'], input: '', err: 'no.json: cannot be read: there is no such file\n' },
    {
      args: ['-', '--method', 'packing'],
      input: '{ "costs": [[-1]] }',
      err: 'standard input: packing takes costs as times, and there are costs below 0\n',
    },
    {
      args: ['-', '--method', 'annealing', '--load', 'growing'],
      input: '{ "costs": [[1]] }',
      err: 'standard input: load can grow only where it is known: write the batch with requests and endpoints\n',
    },
  ])('$args: $err', ({ args, input, err }) => expect(run(args, input)).toEqual({ code: 1, out: '', err }));
});

test.each([
  { args: [], says: 'which batch?' },
  { args: ['a.json', 'b.json'], says: 'not also b.json' },
  { args: ['-', '--method', 'anealing'], says: 'did you mean "annealing"?' },
  { args: ['-', '--load', 'half'], says: '--load "half" is not known' },
  { args: ['-', '--load', 'growing'], says: 'add --method ant-colony' },
  { args: ['-', '--seed', '-1'], says: 'seed' },
  { args: ['-', '--fast'], says: '--fast' },
])('$args is wrong usage: exit code 2', ({ args, says }) => {
  const { code, out, err } = run(args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(says);
  expect(err).toContain('usage: equipoise plan');
});

test('--help', () => expect(run(['--help'])).toMatchObject({ code: 0, err: '' }));
