// `node test/docs/picture.mjs` draws docs/images/demo.svg: a run of the real demo in a pseudo-terminal (util-linux's
// `script`), at the moment in which the failing backend is out. Knows as much of a terminal as the demo uses: colours, bold,
// and frames that are drawn over one another. `␛` stands for the escape character.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @typedef {{ text: string, column: number, style: string }} Span */

const CELL = { width: 8.4, height: 18 };
const MARGIN = 18;
const COLORS = new Map([
  ['', '#d6dbe0'],
  ['1', '#ffffff'],
  ['2', '#76818c'],
  ['31', '#ff7b72'],
  ['32', '#56d364'],
  ['33', '#e3b341'],
  ['36', '#56c8e0'],
]);
const BLOCKS = ' ▏▎▍▌▋▊▉█';

/**
 * The frames of an output in which each begins by going up to the first line of the one before it.
 *
 * @param {string} output
 * @returns {string[][]} frames of lines, colours included
 */
export function framesOf(output) {
  const [first = '', ...rest] = output
    .replaceAll('\x1b', '␛')
    .replaceAll('\r\n', '\n')
    .split(/␛\[\d+A\r/);
  return [first, ...rest].map((frame) => {
    const drawn = frame.split('␛[J', 1)[0] ?? '';
    return drawn
      .replaceAll(/␛\[(\?\w+|K)|\r/g, '')
      .replace(/\n$/, '')
      .split('\n');
  });
}

/**
 * @param {readonly string[]} lines
 * @param {string} command shown above them
 */
export function toSvg(lines, command) {
  const rows = [`␛[2m$␛[0m ␛[1m${command}␛[0m`, '', ...lines].map(spansOf);
  const columns = Math.max(...rows.flat().map(({ column, text }) => column + text.length));
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = rows.length * CELL.height + 2 * MARGIN;
  const body = rows.flatMap((spans, row) => spans.map((span) => drawSpan(span, row)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="equipoise demo in a terminal">
<rect width="100%" height="100%" rx="8" fill="#14181d"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" xml:space="preserve">
${body.join('\n')}
</g>
</svg>
`;
}

/**
 * Pieces of one style, without leading and trailing blanks.
 *
 * @param {string} line
 * @returns {Span[]}
 */
export function spansOf(line) {
  /** @type {Span[]} */
  const spans = [];
  let style = '';
  let column = 0;
  for (const piece of line.split(/(␛\[\d+m)/)) {
    const code = /^␛\[(\d+)m$/.exec(piece)?.[1];
    if (code !== undefined) {
      style = code === '0' ? '' : code;
      continue;
    }
    // Columns that two blanks part are placed on their own: then fonts of another width still align.
    for (const { 0: text, index } of piece.matchAll(/\S+(?: \S+)*/g))
      spans.push({ text, column: column + index, style });
    column += piece.length;
  }
  return spans;
}

/**
 * @param {Span} span
 * @param {number} row
 */
function drawSpan({ text, column, style }, row) {
  const fill = COLORS.get(style) ?? COLORS.get('');
  const x = MARGIN + column * CELL.width;
  const y = MARGIN + row * CELL.height;
  if ([...text].every((each) => BLOCKS.includes(each))) {
    const eighths = [...text].reduce((sum, each) => sum + BLOCKS.indexOf(each), 0);
    return `<rect x="${round(x)}" y="${y + 3}" width="${round((eighths / 8) * CELL.width)}" height="12" fill="${fill}"/>`;
  }
  const weight = style === '1' ? ' font-weight="bold"' : '';
  const length = text.length > 1 ? ` textLength="${round(text.length * CELL.width)}"` : '';
  return `<text x="${round(x)}" y="${y + 14}" fill="${fill}"${weight}${length}>${escapeXml(text)}</text>`;
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;

/** @param {string} text */
const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function main() {
  const program = fileURLToPath(new URL('../../bin/equipoise.mjs', import.meta.url));
  const target = fileURLToPath(new URL('../../docs/images/demo.svg', import.meta.url));
  const command = `${process.execPath} ${program} demo --duration 7500ms`;
  const env = { ...process.env, TERM: 'xterm-256color', NO_COLOR: '' };
  const { stdout, status, error } = spawnSync('/usr/bin/script', ['-qec', command, '/dev/null'], {
    encoding: 'utf8',
    env,
  });
  if (error !== undefined || status !== 0) throw error ?? new Error(`the demo ended with ${status}: ${stdout}`);
  // The last frame is drawn when traffic has ended.
  const frame = framesOf(stdout).at(-2);
  if (!frame?.[0]?.includes(':8080')) throw new Error(`not what a newcomer sees; is 8080 taken? ${stdout}`);
  writeFileSync(target, toSvg(frame, 'npx equipoise demo'));
  process.stdout.write(`${target}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
