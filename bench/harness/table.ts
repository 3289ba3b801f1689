import type { Cell, Row } from './comparison.ts';

/** The rows of one scenario as text, columns aligned; a cell is the median and, in brackets, least and most. */
export function formatTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => row.cells.map((cell) => cell.name)))];
  const header = ['', ...names, 'ratio', 'target', ''];
  const lines = rows.map((row) => [
    `${row.figure} (${row.unit})`,
    ...names.map((name) =>
      formatCell(
        row,
        row.cells.find((cell) => cell.name === name),
      ),
    ),
    row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} ${row.ratioOf}`,
    formatTarget(row),
    row.verdict,
  ]);
  return align([header, ...lines]);
}

function formatCell(row: Row, cell: Cell | undefined): string {
  if (cell === undefined) return '';
  const [middle, least, most] = [cell.median, cell.least, cell.most].map((value) => value.toFixed(row.digits));
  return least === most ? `${middle}` : `${middle} [${least}..${most}]`;
}

function formatTarget({ target }: Row): string {
  if (target === undefined) return '';
  const tolerance = target.tolerance === undefined ? '' : ` (+${target.tolerance})`;
  return `<= ${target.atMost}${tolerance}`;
}

function align(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
