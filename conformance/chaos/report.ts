/**
 * Puts what `npm run chaos -- --json FILE` measured between the markers of docs/reliability.md.
 *
 * Run  npm run chaos:report -- FILE…
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../bench/harness/machine.ts';
import type { Form } from './harness/stage.ts';
import { scenarios } from './scenarios.ts';

interface Row {
  readonly scenario: string;
  readonly contender: string;
  readonly sent: number;
  readonly ok: number;
  readonly unavoidable: number;
  readonly lost: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly complaints: readonly string[];
}

interface Report {
  readonly machine: Machine;
  readonly versions: readonly string[];
  readonly form: Form;
  readonly rows: readonly Row[];
}

const PAGE = join(import.meta.dirname, '../../docs/reliability.md');
const [BEGIN, END] = ['<!-- chaos:begin -->', '<!-- chaos:end -->'];

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('usage: npm run chaos:report -- FILE…  (files that `npm run chaos -- --json FILE` wrote)');
  process.exit(2);
}
const reports = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
const page = readFileSync(PAGE, 'utf8');
const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
if (from < 0 || to < 0) throw new Error(`docs/reliability.md has no ${BEGIN} … ${END}`);
writeFileSync(PAGE, `${page.slice(0, from + BEGIN.length)}\n\n${describe(reports)}\n\n${page.slice(to)}`);

function describe(all: readonly Report[]): string {
  const { machine, versions, form } = all[0]!;
  const rows = all.flatMap((report) => report.rows);
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  const where = `${machine.cpu}, ${machine.cores} cores, ${machine.kernel}; ${versions.join('; ')}.`;
  const how = `${form.rate} requests a second, ${form.turns} turns of ${form.phaseMs} ms each.`;
  const header = ['', ...contenders, 'cannot be avoided'];
  const lines = scenarios
    .filter(({ name }) => rows.some(({ scenario }) => scenario === name))
    .map(({ name, title, excuse }) => {
      const cells = contenders.map((contender) =>
        cell(rows.find((row) => row.scenario === name && row.contender === contender)),
      );
      return line([title, ...cells, excuse ?? 'nothing']);
    });
  return [`${where} ${how}`, '', line(header), line(header.map(() => '---')), ...lines].join('\n');
}

/** Failed of sent, and how many of those failures could have been avoided. */
function cell(row: Row | undefined): string {
  if (row === undefined) return '–';
  const failed = row.sent - row.ok;
  const remarks = row.complaints.length > 0 ? `; ${row.complaints.join('; ')}` : '';
  return `${failed} of ${row.sent}, **${row.lost}** lost${remarks}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
