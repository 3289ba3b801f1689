import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Histogram } from './histogram.ts';
import { createPrometheusText, type PrometheusText } from './prometheus.ts';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/y;

/** Reads the text format as strictly as its description: every family once, HELP and TYPE first, a newline at the end. */
function parse(text: string): Map<string, { type: string; help: string; samples: Sample[] }> {
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  if (text === '') return families;
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('no newline at the end');
  for (let i = 0; i < lines.length; ) {
    const [, name, help] = /^# HELP (\S+) (.*)$/.exec(lines[i++]!) ?? [];
    const [, typed, type] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(lines[i++]!) ?? [];
    if (name === undefined || typed !== name || families.has(name)) throw new Error(`bad head before line ${i}`);
    const samples: Sample[] = [];
    while (i < lines.length && !lines[i]!.startsWith('#')) samples.push(parseSample(lines[i++]!, name, type!));
    if (samples.length === 0) throw new Error(`no sample of ${name}`);
    families.set(name, { type: type!, help: help!, samples });
  }
  return families;
}

function parseSample(line: string, family: string, type: string): Sample {
  const [, name, labelText = '', value] = LINE.exec(line) ?? [];
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  if (!suffixes.some((suffix) => name === family + suffix)) throw new Error(`not of ${family}: ${line}`);
  const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
  if (Number.isNaN(number)) throw new Error(`no number: ${line}`);
  return { name: name!, labels: parseLabels(labelText), value: number };
}

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`bad labels: ${text}`);
    labels[match[1]!] = match[2]!.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
  }
  return labels;
}

function written(write: (to: PrometheusText) => void): string {
  const text = createPrometheusText();
  write(text);
  return text.text();
}

describe('createPrometheusText', () => {
  test('a family with two samples', () => {
    const text = written((to) => {
      to.family('requests_total', 'counter', 'Requests.');
      to.sample(3, { code: '2xx' });
      to.sample(1.5);
    });
    expect(text).toBe(
      '# HELP requests_total Requests.\n# TYPE requests_total counter\nrequests_total{code="2xx"} 3\nrequests_total 1.5\n',
    );
  });

  test('a family without a sample is left out', () => {
    const text = written((to) => {
      to.family('empty', 'gauge', 'None.');
      to.family('full', 'gauge', 'One.');
      to.sample(1);
    });
    expect([...parse(text).keys()]).toEqual(['full']);
  });

  test('any label value and help text survives a strict reader', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.double({ noNaN: true, min: 0 }), (label, help, value) => {
        const text = written((to) => {
          to.family('x', 'gauge', help);
          to.sample(value, { a: label, b: 'c' });
        });
        const family = parse(text).get('x')!;
        expect(family.samples).toEqual([{ name: 'x', labels: { a: label, b: 'c' }, value }]);
        expect(family.help.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))).toBe(help);
      }),
    );
  });

  test('histogram buckets rise to the count, in seconds', () => {
    const histogram = new Histogram();
    for (const ms of [0.1, 3, 3, 1e6]) histogram.record(ms);
    const text = written((to) => {
      to.family('seconds', 'histogram', 'Time.');
      to.histogram(histogram, { pool: 'a' });
    });
    const samples = parse(text).get('seconds')!.samples;
    const buckets = samples.filter((each) => each.name === 'seconds_bucket');
    const bounds = buckets.map((each) =>
      each.labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(each.labels['le']),
    );
    expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
    expect(buckets.map((each) => each.value)).toEqual([1, 1, 1, 1, ...new Array<number>(15).fill(3), 4]);
    expect(samples.slice(-2).map((each) => [each.name, each.value])).toEqual([
      ['seconds_sum', (0.1 + 3 + 3 + 1e6) / 1000],
      ['seconds_count', 4],
    ]);
  });
});
