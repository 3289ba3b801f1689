import type { Health } from '../../control/pool-options.ts';

/** What the demo shows, once a second. */
export interface DemoFrame {
  readonly url: string;
  readonly adminUrl: string | undefined;
  readonly policy: string;
  readonly elapsedMs: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Seen by clients. */
  readonly errors: number;
  /** Failed tries that another endpoint made good. */
  readonly retries: number;
  readonly endpoints: readonly EndpointRow[];
  /** What happened last, newest last. */
  readonly events: readonly string[];
}

export interface EndpointRow {
  readonly id: string;
  readonly state: Health | 'ejected';
  readonly requests: number;
  readonly perSecond: number;
  /** Of the last second's requests, 0..1. */
  readonly share: number;
  readonly inFlight: number;
}

const BAR_WIDTH = 24;
const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;
const COLORS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

type Paint = (color: keyof typeof COLORS, text: string) => string;

/** The lines of one frame, without line ends. */
export function renderFrame(frame: DemoFrame, color: boolean): string[] {
  const paint: Paint = (name, text) => (color ? `\x1b[${COLORS[name]}m${text}\x1b[0m` : text);
  return [
    `${paint('bold', 'equipoise demo')}   ${paint('cyan', frame.url)}   ${frame.policy}   ${clock(frame.elapsedMs)}`,
    '',
    totals(frame, paint),
    '',
    paint(
      'dim',
      `  ${'endpoint'.padEnd(10)}${'state'.padEnd(11)}${'share'.padEnd(BAR_WIDTH + 8)}requests   req/s  in flight`,
    ),
    ...frame.endpoints.map((each) => endpointLine(each, paint)),
    '',
    ...frame.events.map((each) => `  ${each}`),
    ...(frame.events.length > 0 ? [''] : []),
    hint(frame, paint),
  ];
}

/** What is left on the screen at the end. */
export function renderSummary(
  { requests, elapsedMs, errors, retries, endpoints }: DemoFrame,
  all: { p50Ms: number; p99Ms: number },
): string {
  const shares = endpoints.map((each) => `${each.id} ${percent(requests === 0 ? 0 : each.requests / sum(endpoints))}`);
  return [
    `${number(requests)} requests in ${(elapsedMs / 1000).toFixed(1)} s, ${number(errors)} errors seen by clients, ${number(retries)} requests retried on another endpoint`,
    `p50 ${ms(all.p50Ms)}, p99 ${ms(all.p99Ms)}; ${shares.join(', ')}`,
  ].join('\n');
}

function totals({ requests, perSecond, p50Ms, p99Ms, errors, retries }: DemoFrame, paint: Paint): string {
  const failed = `errors ${number(errors)}`;
  return [
    `  requests ${paint('bold', number(requests))}`,
    `${number(perSecond)} req/s`,
    `p50 ${ms(p50Ms)}`,
    `p99 ${ms(p99Ms)}`,
    errors > 0 ? paint('red', failed) : failed,
    `retried ${number(retries)}`,
  ].join('   ');
}

const STATES = {
  up: ['green', '● up'],
  down: ['red', '○ down'],
  ejected: ['red', '◇ ejected'],
  unknown: ['yellow', '◌ unknown'],
} as const;

function endpointLine({ id, state, share, requests, perSecond, inFlight }: EndpointRow, paint: Paint): string {
  const [color, text] = STATES[state];
  const columns = [number(requests).padStart(8), number(perSecond).padStart(8), number(inFlight).padStart(11)].join('');
  return `  ${id.padEnd(10)}${paint(color, text.padEnd(11))}${bar(share, paint)} ${percent(share).padStart(5)}  ${columns}`;
}

/** A bar in eighths of a cell. */
function bar(share: number, paint: Paint): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH * 8);
  const filled = '█'.repeat(eighths >> 3) + BLOCKS[eighths & 7];
  return paint('cyan', filled) + paint('dim', '·'.repeat(BAR_WIDTH - filled.length));
}

function hint({ url, adminUrl }: DemoFrame, paint: Paint): string {
  const metrics = adminUrl === undefined ? '' : `   metrics: ${adminUrl}/metrics`;
  return paint('dim', `  try: curl -i ${url}/hello${metrics}   Ctrl-C ends`);
}

const sum = (rows: readonly EndpointRow[]) =>
  Math.max(
    1,
    rows.reduce((total, each) => total + each.requests, 0),
  );
const number = (value: number) => Math.round(value).toLocaleString('en-US');
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
const ms = (value: number) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;

function clock(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
