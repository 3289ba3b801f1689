/** What `ops/` has for Prometheus and Grafana names only metrics that there are, and passes their own checks. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesBelow, ROOT } from './docs/documents.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Every family that a scrape may have, with its type. */
const families = new Map(
  filesBelow('src/admin')
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => [...read(path).matchAll(/\.family\(\s*'(\w+)',\s*'(\w+)'/g)])
    .map(([, name, type]) => [name!, type!]),
);

function metricsIn(path: string): string[] {
  return [...new Set(read(path).match(/\b(?:equipoise|process)_[a-z0-9_]+\b/g))];
}

function isThere(metric: string): boolean {
  const ofHistogram = metric.replace(/_(bucket|sum|count)$/, '');
  return families.has(metric) || families.get(ofHistogram) === 'histogram';
}

describe('metrics that are named exist', () => {
  test('there are some to be named', () => expect(families.size).toBeGreaterThan(30));

  test.each(['ops/alerts.yml', 'ops/grafana-dashboard.json', 'docs/guides/observability.md'])('%s', (path) => {
    const named = metricsIn(path);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((each) => !isThere(each))).toEqual([]);
  });

  test('docs/guides/observability.md lists each of them', () => {
    const listed = new Set(metricsIn('docs/guides/observability.md'));
    expect([...families.keys()].filter((each) => !listed.has(each))).toEqual([]);
  });
});

test('the dashboard: panels are told apart and lie beside each other', () => {
  interface Panel {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }
  const { panels } = JSON.parse(read('ops/grafana-dashboard.json')) as { panels: readonly Panel[] };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const [index, { gridPos: a }] of panels.entries()) {
    expect(a.x + a.w).toBeLessThanOrEqual(24);
    for (const { gridPos: b } of panels.slice(index + 1)) {
      expect(a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h).toBe(false);
    }
  }
  expect(panels.filter(({ targets }) => targets?.some(({ expr }) => expr === ''))).toEqual([]);
});

const isMissing = spawnSync('promtool', ['--version']).status !== 0;
const title = isMissing ? 'skipped: promtool not installed; promtool accepts' : 'promtool accepts';
describe.skipIf(isMissing && process.env['CI'] !== 'true')(title, () => {
  test.each([
    ['check', 'rules', 'ops/alerts.yml'],
    ['check', 'config', 'ops/prometheus.yml'],
  ])('%s %s %s', (...words) => {
    const { status, stderr, stdout } = spawnSync('promtool', words, { cwd: ROOT, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
  });

  test('every expression of the dashboard', () => {
    const { panels } = JSON.parse(read('ops/grafana-dashboard.json')) as {
      panels: readonly { targets?: readonly { expr: string }[] }[];
    };
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const rules = expressions.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*').replaceAll('$pool', '.*'),
    }));
    const input = JSON.stringify({ groups: [{ name: 'dashboard', rules }] });
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'rules', '/dev/stdin'], {
      input,
      encoding: 'utf8',
    });
    expect(status, stdout + stderr).toBe(0);
  });
});
