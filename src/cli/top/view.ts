import type { OverviewWire } from '../../admin/wire.ts';
import { type EndpointNow, ended, type PoolNow, type RateMeter, type Rates } from './rates.ts';

/** What `top` shows at one moment. */
export interface TopFrame {
  /** Whom it asks. */
  readonly target: string;
  /** Absent before the first answer. */
  readonly overview: OverviewWire | undefined;
  readonly rates: RateMeter;
  /** The last events, newest first, a line each. */
  readonly events: readonly string[];
  /** Why there is no answer now. */
  readonly problem?: string | undefined;
}

const COLORS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Color = keyof typeof COLORS;
type Paint = (color: Color, text: string) => string;

const BAR_WIDTH = 20;
const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;
const LONGEST_NAME = 30;

/** The lines of one frame, without line ends; at most `rows` of them. Events take what is left. */
export function renderTop(frame: TopFrame, { rows, color }: { rows: number; color: boolean }): string[] {
  const paint: Paint = (name, text) => (color ? `\x1b[${COLORS[name]}m${text}\x1b[0m` : text);
  const lines = [headLine(frame, paint), ''];
  for (const pool of frame.overview?.pools ?? []) lines.push(...poolLines(pool, frame.rates, paint), '');
  const room = rows - lines.length - 1;
  if (frame.events.length > 0 && room > 0) {
    lines.push(paint('dim', 'events'), ...frame.events.slice(0, room).map((each) => `  ${each}`));
  }
  return lines.slice(0, rows);
}

function headLine({ target, overview, problem }: TopFrame, paint: Paint): string {
  const name = `${paint('bold', 'equipoise top')}   ${paint('cyan', target)}`;
  if (problem !== undefined) return `${name}   ${paint('red', problem)}`;
  if (overview === undefined) return `${name}   asking…`;
  const { version, runtime, state, connectionsOpen } = overview;
  const facts = `${version}, ${runtime}   ${count(connectionsOpen)} client connections`;
  return `${name}   ${facts}${state === 'serving' ? '' : paint('yellow', `   ${state}`)}`;
}

function poolLines(pool: PoolNow, meter: RateMeter, paint: Paint): string[] {
  const { name, policy, endpoints, eligible, inFlight } = pool;
  const { perSecond, p50Ms, p99Ms, failedShare, requests } = meter.pool(name);
  const whole = `${eligible} of ${endpoints.length} eligible`;
  const facts = [
    policy,
    `${rate(perSecond)} req/s`,
    `p50 ${ms(p50Ms)}`,
    `p99 ${ms(p99Ms)}`,
    `failed ${percent(failedShare)}`,
    `${count(inFlight)} in flight`,
    eligible < endpoints.length ? paint('yellow', whole) : whole,
  ];
  const width = Math.min(LONGEST_NAME, Math.max(8, ...endpoints.map(({ id }) => id.length)));
  const title = `  ${'endpoint'.padEnd(width)}  ${'state'.padEnd(15)}${'share, 10 s'.padEnd(BAR_WIDTH + 8)}`;
  const head = `${title}${['weight', 'req/s', 'p50', 'p99', 'failed', 'in flight', 'requests'].map(column).join('')}`;
  const rows = endpoints.map((each) => endpointLine(each, meter.endpoint(name, each.id), requests, width, paint));
  return [`${paint('bold', name)}  ${facts.join('  ')}`, paint('dim', head), ...rows];
}

const column = (text: string) => text.padStart(10);

function endpointLine(endpoint: EndpointNow, own: Rates, all: number, width: number, paint: Paint): string {
  const { id, weight, inFlight, reasons } = endpoint;
  const [color, state] = stateOf(endpoint);
  const share = all > 0 ? own.requests / all : 0;
  const failed = column(percent(own.failedShare));
  const numbers = [
    column(`${weight.effective}`),
    column(rate(own.perSecond)),
    column(ms(own.p50Ms)),
    column(ms(own.p99Ms)),
    own.failedShare > 0 ? paint('red', failed) : failed,
    column(count(inFlight)),
    column(count(ended(endpoint))),
  ].join('');
  const why = reasons.length === 0 ? '' : paint('dim', `  ${reasons.join('; ')}`);
  const name = id.length > width ? `${id.slice(0, width - 1)}…` : id.padEnd(width);
  return `  ${name}  ${paint(color, state.padEnd(15))}${bar(share, paint)} ${percent(share).padStart(6)} ${numbers}${why}`;
}

/** What decides whether it is picked; what a person says comes first. */
function stateOf({ mode, health, ejected, breaker, eligible }: EndpointNow): [Color, string] {
  if (mode === 'draining') return ['yellow', '◐ draining'];
  if (mode === 'maintenance') return ['dim', '■ maintenance'];
  if (health === 'down') return ['red', '▼ down'];
  if (ejected === true) return ['red', '◆ ejected'];
  if (breaker === 'open') return ['red', '◇ breaker open'];
  if (breaker === 'half-open') return ['yellow', '◇ half-open'];
  if (!eligible) return ['yellow', '○ not eligible'];
  return ['green', health === 'up' ? '● up' : '○ unchecked'];
}

/** A bar in eighths of a cell. */
function bar(share: number, paint: Paint): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH * 8);
  const filled = '█'.repeat(eighths >> 3) + BLOCKS[eighths & 7];
  return paint('cyan', filled) + paint('dim', '·'.repeat(BAR_WIDTH - filled.length));
}

const count = (value: number) => Math.round(value).toLocaleString('en-US');
const rate = (value: number) => (value > 0 && value < 9.95 ? value.toFixed(1) : count(value));
const percent = (share: number) =>
  share > 0 && share < 0.0995 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;

function ms(value: number | null): string {
  if (value === null) return '–';
  return value < 9.95 ? `${value.toFixed(1)} ms` : `${count(value)} ms`;
}
