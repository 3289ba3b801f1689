/**
 * Puts measured tables into the documents: what `bench/*.ts --json FILE` wrote, between the markers
 * `<!-- measured:begin -->` and `<!-- measured:end -->` of docs/performance.md, and its first lines into README.md.
 *
 * Run  bun bench/report.ts FILE…
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from './harness/comparison.ts';
import type { Machine } from './harness/machine.ts';

interface Report {
  readonly program: string;
  readonly machine: Machine;
  readonly load: string;
  readonly options: { readonly rounds: number; readonly seconds: number };
  readonly configurations: readonly { readonly name: string; readonly version: string }[];
  readonly rows: readonly Row[];
}

const ROOT = join(import.meta.dir, '..');
/** Rows that the README shows, by program, scenario and figure. */
const IN_README = [
  ['http1', 'small', 'CPU a request'],
  ['http1', 'small', 'user part'],
  ['http1', 'p99', 'p99'],
  ['http1', '16k', 'CPU a request'],
  ['http1', '1m', 'CPU a request'],
  ['http1', 'post64k', 'CPU a request'],
  ['http1', 'chunked', 'CPU a request'],
  ['http1', 'connect', 'CPU a request'],
  ['tcp', '4-streams', 'CPU per GB'],
  ['memory', undefined, 'per connection'],
] as const;

const reports = Bun.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
if (reports.length === 0) {
  console.error('usage: bun bench/report.ts FILE…  (files that a benchmark wrote with --json)');
  process.exit(2);
}
replaceBetween('docs/performance.md', 'measured', reports.map(section).join('\n\n'));
replaceBetween('README.md', 'performance', readmeTable());

function section({ program, machine, load, options, configurations, rows }: Report): string {
  const versions = versionsOf(configurations).join('; ');
  const scenarios = [...new Set(rows.map((row) => row.scenario))];
  const where = `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, ${machine.system}; load before ${machine.loadBefore}`;
  const how = `${options.rounds} rounds of ${options.seconds} s in turn, medians [least..most]. ${load}.`;
  const tables = scenarios.map((name) =>
    table(
      program,
      rows.filter((row) => row.scenario === name),
    ),
  );
  return [`### bench:${program}`, where, versions, how, ...tables].join('\n\n');
}

/** Every version that was measured; variants of one program are the same program. */
function versionsOf(configurations: Report['configurations']): string[] {
  return [...new Set(configurations.map(({ version }) => version))];
}

function table(program: string, rows: readonly Row[]): string {
  const names = rows[0]!.cells.map((cell) => cell.name);
  const header = ['', ...names, 'ratio', 'target', ''];
  const lines = rows.map((row) => line(`${row.figure} (${row.unit})`, row));
  return [
    `**${program} ${rows[0]!.scenario}**`,
    '',
    markdownRow(header),
    markdownRow(header.map(() => '---')),
    ...lines,
  ].join('\n');
}

function line(title: string, row: Row): string {
  const cells = row.cells.map((cell) => {
    const [median, least, most] = [cell.median, cell.least, cell.most].map((value) => value.toFixed(row.digits));
    return least === most ? median! : `${median} [${least}..${most}]`;
  });
  const ratio = row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} ${row.ratioOf}`;
  const target = row.target === undefined ? '' : `≤ ${row.target.atMost}`;
  return markdownRow([title, ...cells, ratio, target, row.verdict === '-' ? '' : row.verdict]);
}

/** Equipoise and the better peer, a line a figure. */
function readmeTable(): string {
  const lines = IN_README.flatMap(([program, scenario, figure]) => {
    const report = reports.find((each) => each.program === program);
    const row = report?.rows.find((each) => each.figure === figure && (scenario ?? each.scenario) === each.scenario);
    return row === undefined ? [] : [readmeLine(`${row.scenario}: ${row.figure} (${row.unit})`, row)];
  });
  const { machine, configurations } = reports[0]!;
  const versions = versionsOf(configurations).join(', ');
  const source = `Measured on ${machine.cpu}, ${machine.cores} cores, ${machine.kernel}: ${versions}. Lower is better. Differences below a tenth, and the p99 row, are within the noise of this shared machine; where a peer wins, what was missed, and the commands: [docs/performance.md](docs/performance.md).`;
  const header = ['', 'equipoise', 'HAProxy', 'NGINX', 'ratio to the better'];
  return [markdownRow(header), markdownRow(header.map(() => '---')), ...lines, '', source].join('\n');
}

function readmeLine(title: string, row: Row): string {
  const of = (name: string) => row.cells.find((cell) => cell.name === name)?.median.toFixed(row.digits) ?? '';
  return markdownRow([title, of('equipoise'), of('haproxy'), of('nginx'), row.ratio?.toFixed(2) ?? '']);
}

function markdownRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function replaceBetween(file: string, marker: string, text: string): void {
  const path = join(ROOT, file);
  const old = readFileSync(path, 'utf8');
  const [begin, end] = [`<!-- ${marker}:begin -->`, `<!-- ${marker}:end -->`];
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`${file} has no ${begin} … ${end}`);
  writeFileSync(path, `${old.slice(0, from + begin.length)}\n\n${text}\n\n${old.slice(to)}`);
}
