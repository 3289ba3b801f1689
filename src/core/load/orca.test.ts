import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LoadReport } from '../kernel/load-report.ts';
import { createLoadReport, readOrca, readOrcaBinary } from './orca.ts';

const nothing = createLoadReport();

/** What is read; undefined where the report was refused. */
function readBy(read: (value: string, report: LoadReport) => boolean, value: string): LoadReport | undefined {
  const report: LoadReport = { utilization: 9, inFlight: 9, latencyMs: 9, requestsPerSecond: 9, errorsPerSecond: 9 };
  if (read(value, report)) return report;
  expect(report).toEqual(nothing);
  return undefined;
}

const double = (value: number): number[] => [...new Uint8Array(new Float64Array([value]).buffer)];
const field = (number: number, value: number): number[] => [number * 8 + 1, ...double(value)];
const block = (number: number, bytes: readonly number[]): number[] => [number * 8 + 2, bytes.length, ...bytes];
const named = (name: string, value: number): number[] =>
  block(8, [...block(1, [...Buffer.from(name)]), ...field(2, value)]);
const base64 = (...fields: readonly (readonly number[])[]): string => Buffer.from(fields.flat()).toString('base64');

const everything = {
  utilization: 0.5,
  inFlight: 7,
  latencyMs: 12.5,
  requestsPerSecond: 1200,
  errorsPerSecond: 3,
};

const filler = block(14, new Array<number>(100).fill(0));

const messageOfEverything = base64(
  field(1, 0.9),
  field(2, 0.1),
  [3 * 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
  block(5, [1, 2, 3]),
  field(6, 1200),
  field(7, 3),
  named('in_flight', 7),
  named('queue', 4),
  named('latency_ms', 12.5),
  field(9, 0.5),
  [13 * 8 + 5, 1, 2, 3, 4],
);

describe('readOrca', () => {
  test.each([
    {
      why: 'text',
      value:
        'TEXT cpu_utilization=0.9, application_utilization=0.5,mem_utilization=x, rps_fractional=1.2e3, eps=3, named_metrics.in_flight=7,named_metrics.latency_ms=12.5',
      want: everything,
    },
    {
      why: 'JSON',
      value:
        'JSON {"cpu_utilization": 0.9, "applicationUtilization": 0.5, "rps_fractional": 1200, "eps": "3", "named_metrics": {"in_flight": 7, "latency_ms": 12.5, "x": -1}, "utilization": {"disk": 2}}',
      want: everything,
    },
    { why: 'binary', value: `BIN ${messageOfEverything}`, want: everything },
    { why: 'text without its word', value: 'cpu_utilization:0.25', want: { ...nothing, utilization: 0.25 } },
    { why: 'zero', value: 'TEXT eps=0', want: { ...nothing, errorsPerSecond: 0 } },
    { why: 'more than full', value: 'TEXT cpu_utilization=1.5', want: { ...nothing, utilization: 1.5 } },
    {
      why: 'an application that says nothing leaves the processor',
      value: 'TEXT application_utilization=0,cpu_utilization=0.3',
      want: { ...nothing, utilization: 0.3 },
    },
    {
      why: 'an idle application alone',
      value: 'TEXT application_utilization=0',
      want: { ...nothing, utilization: 0 },
    },
    { why: 'unknown names are skipped', value: 'TEXT gpu=-1, eps=2', want: { ...nothing, errorsPerSecond: 2 } },
  ])('$why', ({ value, want }) => {
    expect(readBy(readOrca, value)).toEqual(want);
  });

  test('the field of its own carries the binary form without the word', () => {
    expect(readBy(readOrcaBinary, messageOfEverything)).toEqual(everything);
    expect(readBy(readOrcaBinary, messageOfEverything.replace(/=+$/, ''))).toEqual(everything);
  });

  test.each(
    [
      ['', ' ', 'TEXT', 'TEXT ', 'TEXT ,', 'TEXT =1', 'TEXT eps', 'TEXT eps=', 'TEXT eps = = 1', 'eps=1;rps=2'],
      ['eps=-1', 'eps=NaN', 'eps=Infinity', 'eps=1e999', 'eps=1e13', 'eps=0x10', 'eps=1_0', 'eps=+1', 'eps=1 2'],
      ['eps=-0.1', 'eps=.', 'eps=1.', 'eps=٣', 'eps=1,eps=1', 'eps=1,,rps_fractional=1', `eps=${'1'.repeat(21)}`],
      ['named_metrics.in_flight=-3', 'cpu_utilization=0.1,named_metrics.latency_ms=oops', 'named_metrics.=1', 'x=1'],
      ['__proto__=1', 'constructor=1', 'toString=1', `a=1,${'a=1,'.repeat(2000)}`],
      ['JSON', 'JSON ', 'JSON null', 'JSON 1', 'JSON "eps"', 'JSON []', 'JSON {', 'JSON {}', 'JSON {"eps":-1}'],
      ['JSON {"eps":1e999}', 'JSON {"eps":null}', 'JSON {"eps":"NaN"}', 'JSON {"eps":[1]}', 'JSON {"eps":{"a":1}}'],
      ['JSON {"eps":true}', 'JSON {"named_metrics":[]}', 'JSON {"named_metrics":null}', 'JSON {"__proto__":{"eps":1}}'],
      ['JSON {"named_metrics":{"in_flight":"-1"}}', 'JSON {"cpu_utilization":1,"cpuUtilization":1}'],
      ['json {"eps":1}', 'BIN', 'BIN ', 'BIN !!!!', 'BIN A'],
      [`BIN ${base64(field(7, -1))}`, `BIN ${base64(field(7, Number.NaN))}`, `BIN ${base64(field(7, 1 / 0))}`],
      [`BIN ${base64(field(7, 1).slice(0, 5))}`, `BIN ${base64(field(7, 1), [8 * 8 + 2, 50, 1])}`],
      [`BIN ${base64([7 * 8, 1])}`, `BIN ${base64([7 * 8 + 3])}`, `BIN ${base64(new Array(20).fill(0xff))}`],
      [
        `BIN ${base64(named('in_flight', -1))}`,
        `BIN ${base64(block(8, [1 * 8 + 2, 99]))}`,
        `BIN ${base64([8 * 8, 0])}`,
      ],
      [
        `BIN ${base64(block(8, [...block(1, [...Buffer.from('in_flight')]), ...field(2, 1), 1 * 8 + 2, 9]))}`,
        'BIN OQAAAAAAAPA/O',
      ],
      ['BIN A=AA', 'BIN OQAA AAAAAPA/'],
    ].flat(),
  )('refuses %j', (value) => {
    expect(readBy(readOrca, value)).toBeUndefined();
  });

  test.each([
    { why: 'text', value: (length: number) => `eps=1${','.padEnd(length, 'a=1,')}b=1` },
    { why: 'JSON', value: (length: number) => `JSON {"eps":1${' '.repeat(length)}}` },
    { why: 'binary', value: (length: number) => `BIN ${base64(field(7, 1), ...Array(length / 100).fill(filler))}` },
  ])('refuses a report that is too long: $why', ({ value }) => {
    expect(readBy(readOrca, value(1000))).toEqual({ ...nothing, errorsPerSecond: 1 });
    expect(readBy(readOrca, value(5000))).toBeUndefined();
  });

  test.each(['[', '{"a":'])('refuses deep nesting of %j', (open) => {
    expect(readBy(readOrca, `JSON ${open.repeat(800)}`)).toBeUndefined();
  });

  test('whatever comes, it does not throw, and each number is −1 or finite and ≥ 0', () => {
    const part = fc.constantFrom(
      ...['TEXT ', 'JSON ', 'BIN ', 'eps', 'cpu_utilization', 'named_metrics.in_flight', 'named_metrics', ' ', ''],
      ...['=', ':', ',', '{', '}', '"', '"eps":', '1', '-1', '1e308', '0.5', 'NaN', 'QQAA', 'OQAAAAAAAPA/', 'AAAA'],
    );
    const value = fc.oneof(
      fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => `BIN ${Buffer.from(bytes).toString('base64')}`),
      fc.json().map((json) => `JSON ${json}`),
    );
    fc.assert(
      fc.property(value, (given) => {
        const report = createLoadReport();
        const read = readOrca(given, report);
        const numbers = Object.values(report) as number[];
        expect(numbers.every((each) => each === -1 || (each >= 0 && each <= 1e12))).toBe(true);
        expect(read).toBe(numbers.some((each) => each >= 0));
      }),
      { numRuns: 5000 },
    );
  });

  test('a number comes back as it was written, in every form', () => {
    const metric = fc.double({ min: 0, max: 1e12, noNaN: true }).map((value) => (Object.is(value, -0) ? 0 : value));
    fc.assert(
      fc.property(metric, (value) => {
        const want = { ...nothing, inFlight: value };
        if (value === 0 || value > 1e-20)
          expect(readBy(readOrca, `named_metrics.in_flight=${shortest(value)}`)).toEqual(want);
        expect(readBy(readOrca, `JSON {"namedMetrics":{"in_flight":${value}}}`)).toEqual(want);
        expect(readBy(readOrca, `BIN ${base64(named('in_flight', value))}`)).toEqual(want);
      }),
    );
  });
});

/** At most 17 digits after the point. */
const shortest = (value: number): string => (value < 1e-3 ? value.toExponential() : String(value));
