/** A policy's picture: its distribution on the left, its tail on the right. Written by hand: no library draws less. */
import type { PlotRun } from './plot-run.ts';

const WIDTH = 724;
const HEIGHT = 260;
const TOP = 40;
const BOTTOM = 214;
const LEFT = { from: 44, to: 336 };
const RIGHT = { from: 410, to: 702 };

/** Milliseconds; latencies beyond are drawn at the edge. */
const FASTEST_MS = 1;
const SLOWEST_MS = 100_000;
/** The part of the requests that is still slower. */
const LEAST_PART = 1e-4;
const PARTS = 48;

/** Readable on white and on black: text and axes take the middle, the policy's own colour is strong on both. */
const STYLE = [
  'text{font:11px system-ui,sans-serif;fill:#57606a}',
  '.title{font-weight:600}',
  '.grid{stroke:#8c959f;stroke-opacity:.35}',
  '.bar{fill:#0969da}',
  '.own{stroke:#0969da}',
  '.weight{stroke:#cf222e;stroke-width:2}',
  '.line{fill:none;stroke-width:2}',
  '.other{stroke:#8c959f}',
  '.dashed{stroke-dasharray:4 3}',
  '@media(prefers-color-scheme:dark){text{fill:#9198a1}.bar{fill:#4493f8}.own{stroke:#4493f8}.weight{stroke:#ff7b72}}',
].join('');

export function drawPolicy(
  type: string,
  own: PlotRun,
  references: Readonly<Record<'least-connections' | 'random', PlotRun>>,
): string {
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${type}: shares and latencies">`,
    `<style>${STYLE}</style>`,
    ...drawShares(own),
    ...drawTail(type, own, references),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

const rounded = (value: number) => String(Math.round(value * 10) / 10);

function text(x: number, y: number, content: string, anchor = 'middle', style = ''): string {
  const named = style === '' ? '' : ` class="${style}"`;
  return `<text x="${rounded(x)}" y="${rounded(y)}" text-anchor="${anchor}"${named}>${content}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<path d="M${rounded(x1)} ${rounded(y1)}L${rounded(x2)} ${rounded(y2)}" class="${style}"/>`;
}

function drawShares({ shares, weightShares, slowdowns }: PlotRun): string[] {
  const highest = Math.max(0.3, ...shares, ...weightShares);
  const step = highest > 0.5 ? 0.25 : 0.1;
  const yOf = (share: number) => BOTTOM - (share / highest) * (BOTTOM - TOP);
  const width = (LEFT.to - LEFT.from) / shares.length;
  const lines = [text(LEFT.from, 22, 'share of the requests, and of the weight (red)', 'start', 'title')];
  for (let share = 0; share <= highest + 1e-9; share += step) {
    lines.push(line(LEFT.from, yOf(share), LEFT.to, yOf(share), 'grid'));
    lines.push(text(LEFT.from - 6, yOf(share) + 4, `${Math.round(share * 100)} %`, 'end'));
  }
  for (const [slot, share] of shares.entries()) {
    const x = LEFT.from + slot * width;
    const top = yOf(share);
    lines.push(
      `<rect x="${rounded(x + 4)}" y="${rounded(top)}" width="${rounded(width - 8)}" height="${rounded(BOTTOM - top)}" class="bar"/>`,
      line(x + 2, yOf(weightShares[slot]!), x + width - 2, yOf(weightShares[slot]!), 'weight'),
      text(x + width / 2, BOTTOM + 16, `${slowdowns[slot]}×`),
    );
  }
  lines.push(text((LEFT.from + LEFT.to) / 2, BOTTOM + 34, 'ten endpoints, by how slow they are'));
  return lines;
}

function drawTail(type: string, own: PlotRun, references: Readonly<Record<string, PlotRun>>): string[] {
  const lines = [text(RIGHT.from, 22, 'requests that take longer', 'start', 'title')];
  for (const [part, name] of [
    [1, 'all'],
    [0.1, '10 %'],
    [0.01, '1 %'],
    [0.001, '0.1 %'],
    [0.0001, '0.01 %'],
  ] as const) {
    lines.push(line(RIGHT.from, yOfPart(part), RIGHT.to, yOfPart(part), 'grid'));
    lines.push(text(RIGHT.from - 6, yOfPart(part) + 4, name, 'end'));
  }
  for (const [ms, name] of [
    [1, '1 ms'],
    [10, '10 ms'],
    [100, '100 ms'],
    [1000, '1 s'],
    [10_000, '10 s'],
    [100_000, '100 s'],
  ] as const) {
    lines.push(line(xOfMs(ms), TOP, xOfMs(ms), BOTTOM, 'grid'), text(xOfMs(ms), BOTTOM + 16, name));
  }
  // The policy's own line last: on top of a reference that it equals.
  const drawn = Object.entries(references).filter(([name]) => name !== type);
  for (const [name, run] of drawn) lines.push(curve(run, name === 'random' ? 'line other dashed' : 'line other'));
  lines.push(curve(own, 'line own'));
  const names = drawn.map(([name]) => (name === 'random' ? 'random (dashed)' : `${name} (grey)`));
  const legend = ['blue: this policy', ...names].join(', ');
  lines.push(text((RIGHT.from + RIGHT.to) / 2, BOTTOM + 34, legend));
  return lines;
}

const xOfMs = (ms: number) => {
  const within = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, ms));
  return RIGHT.from + (Math.log(within / FASTEST_MS) / Math.log(SLOWEST_MS / FASTEST_MS)) * (RIGHT.to - RIGHT.from);
};

const yOfPart = (part: number) => TOP + (Math.log(part) / Math.log(LEAST_PART)) * (BOTTOM - TOP);

/** How long the slowest part of the requests takes at least, for parts that shrink evenly on the scale. */
function curve({ latenciesMs }: PlotRun, style: string): string {
  const points = Array.from({ length: PARTS + 1 }, (_, i) => {
    const part = LEAST_PART ** (i / PARTS);
    const rank = Math.max(0, Math.ceil((1 - part) * latenciesMs.length) - 1);
    return `${rounded(xOfMs(latenciesMs[rank]!))} ${rounded(yOfPart(part))}`;
  });
  return `<path d="M${points.join('L')}" class="${style}"/>`;
}
