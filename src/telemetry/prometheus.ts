/**
 * Writes metrics as text that Prometheus scrapes.
 *
 * Source  Prometheus, "Exposition formats", text format 0.0.4.
 * Order   families in the order written; a family without a sample is left out.
 * Errors  none; names are the caller's promise, label values and help texts are escaped.
 */
import { BOUNDS_MS, type Histogram } from './histogram.ts';
import { summariseSteps } from './latency-steps.ts';

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type MetricType = 'counter' | 'gauge' | 'histogram';
export type Labels = Readonly<Record<string, string>>;

export interface PrometheusText {
  /** Starts a family; the samples that follow belong to it. */
  family(name: string, type: MetricType, help: string): void;
  sample(value: number, labels?: Labels): void;
  /** The buckets, sum and count of a histogram family, in seconds. */
  histogram(histogram: Histogram, labels?: Labels): void;
  /** The same for latencies in steps (`latency-steps.ts`); the sum takes each for the middle of its step. */
  steps(counts: Float64Array, labels?: Labels): void;
  text(): string;
}

export function createPrometheusText(): PrometheusText {
  const lines: string[] = [];
  let name = '';
  let head = '';

  function line(suffix: string, labels: string, value: number): void {
    if (head !== '') lines.push(head);
    head = '';
    lines.push(`${name}${suffix}${labels} ${formatValue(value)}`);
  }

  function buckets(below: readonly number[], count: number, sumMs: number, labels: Labels): void {
    below.forEach((each, i) => {
      line('_bucket', formatLabels({ ...labels, le: formatValue(BOUNDS_MS[i]! / 1000) }), each);
    });
    line('_bucket', formatLabels({ ...labels, le: '+Inf' }), count);
    line('_sum', formatLabels(labels), sumMs / 1000);
    line('_count', formatLabels(labels), count);
  }

  return {
    family(next, type, help) {
      name = next;
      head = `# HELP ${next} ${escapeHelp(help)}\n# TYPE ${next} ${type}`;
    },
    sample: (value, labels = {}) => line('', formatLabels(labels), value),
    histogram: (histogram, labels = {}) => buckets(histogram.cumulative(), histogram.count, histogram.sum, labels),
    steps(counts, labels = {}) {
      const { below, count, sumMs } = summariseSteps(counts, BOUNDS_MS);
      buckets(below, count, sumMs, labels);
    },
    text: () => (lines.length === 0 ? '' : `${lines.join('\n')}\n`),
  };
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : `${value}`;
}

const escapeHelp = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escapeLabel = (text: string) => escapeHelp(text).replaceAll('"', '\\"');
