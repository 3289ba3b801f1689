import type { OverviewWire } from '../../admin/wire.ts';
import { BAR_WIDTH, COLUMN_WIDTH, count, ms, percent, rate, SHARE_WIDTH, shapeFor, titleOf } from './columns.ts';
import type { Order, Wishes } from './keys.ts';
import type { EndpointNow, PoolNow, RateMeter, Rates } from './rates.ts';

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

export interface TopScreen {
  /** Lines. */
  readonly rows: number;
  /** Cells of a line. */
  readonly width: number;
  readonly color: boolean;
}

/** One frame: its lines, without line ends, at most as many as the screen has. */
export interface Drawn {
  readonly lines: readonly string[];
  /** As wished, but not beyond the end. */
  readonly scroll: number;
  /** Lines of pools that fit. */
  readonly page: number;
}

const COLORS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Color = keyof typeof COLORS;
type Paint = (color: Color, text: string) => string;

const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;
const LONGEST_NAME = 30;
const STATE_WIDTH = 15;
/** Lines that events keep where there are more endpoints than fit. */
const EVENT_LINES = 6;

/** Where nobody watches there are no wishes: then everything is there, as configured. */
export function drawTop(frame: TopFrame, { rows, width, color }: TopScreen, wishes?: Wishes): Drawn {
  const paint: Paint = (name, text) => (color ? `\x1b[${COLORS[name]}m${text}\x1b[0m` : text);
  const head = [headLine(frame, paint), ''];
  const order = wishes?.order ?? 'as configured';
  const pools = (frame.overview?.pools ?? []).flatMap((pool) => [...poolLines(pool, frame, width, order, paint), '']);
  const room = Math.max(0, rows - head.length - (wishes === undefined ? 0 : 1));
  const eventRoom = Math.min(frame.events.length + 1, Math.max(room - pools.length, Math.min(EVENT_LINES, room >> 2)));
  const events = frame.events.length === 0 ? [] : eventLines(frame.events, eventRoom, paint);
  const page = room - events.length;
  const scroll = Math.min(wishes?.scroll ?? 0, Math.max(0, pools.length - page));
  const shown = pools.slice(scroll, scroll + page);
  const lines = [...head, ...shown, ...events].slice(0, head.length + room);
  if (wishes === undefined) return { lines, scroll, page };
  const isWhole = shown.length === pools.length;
  const where = isWhole ? '' : `   j k scroll (${scroll + 1}–${scroll + shown.length} of ${pools.length})`;
  return { lines: [...lines, paint('dim', `q quit   s order: ${order}${where}`)].slice(0, rows), scroll, page };
}

const eventLines = (events: readonly string[], room: number, paint: Paint): string[] =>
  [paint('dim', 'events'), ...events.slice(0, Math.max(0, room - 1)).map((each) => `  ${each}`)].slice(0, room);

function headLine({ target, overview, problem }: TopFrame, paint: Paint): string {
  const name = `${paint('bold', 'equipoise top')}   ${paint('cyan', target)}`;
  if (problem !== undefined) return `${name}   ${paint('red', problem)}`;
  if (overview === undefined) return `${name}   asking…`;
  const { version, runtime, state, connectionsOpen } = overview;
  const facts = `${version}, ${runtime}   ${count(connectionsOpen)} client connections`;
  return `${name}   ${facts}${state === 'serving' ? '' : paint('yellow', `   ${state}`)}`;
}

/** What matters most comes first: a narrow terminal cuts the end. */
function poolLines(pool: PoolNow, { overview, rates: meter }: TopFrame, width: number, order: Order, paint: Paint) {
  const { name, policy, endpoints, eligible, inFlight } = pool;
  const { perSecond, p50Ms, p99Ms, failedShare, requests } = meter.pool(name);
  const whole = `${eligible} of ${endpoints.length} eligible`;
  const isTcp = isTcpPool(name, overview!.listeners);
  const facts = [
    eligible < endpoints.length ? paint('yellow', whole) : whole,
    ...(isTcp
      ? [`${count(inFlight)} open`, `${rate(perSecond)} ended/s`]
      : [`${rate(perSecond)} req/s`, `failed ${percent(failedShare)}`, `p50 ${ms(p50Ms)}`, `p99 ${ms(p99Ms)}`]),
    ...(isTcp ? ['tcp'] : [`${count(inFlight)} in flight`]),
    policy,
  ];
  const nameWidth = Math.min(LONGEST_NAME, Math.max(8, ...endpoints.map(({ id }) => id.length)));
  const { columns, hasBar } = shapeFor(width, nameWidth + 4 + STATE_WIDTH, isTcp);
  const share = hasBar
    ? 'share, 10 s'.padEnd(BAR_WIDTH + SHARE_WIDTH)
    : 'share'.padStart(SHARE_WIDTH - 1).padEnd(SHARE_WIDTH);
  const titles = columns.map((each) => titleOf(each, isTcp).padStart(COLUMN_WIDTH)).join('');
  const head = `  ${'endpoint'.padEnd(nameWidth)}  ${'state'.padEnd(STATE_WIDTH)}${share}${titles}`;
  const rows = inOrder(endpoints, name, meter, order).map(([endpoint, own]) => {
    const part = requests > 0 ? own.requests / requests : 0;
    const numbers = columns.map(({ text, isBad }) => {
      const padded = text(endpoint, own).padStart(COLUMN_WIDTH);
      return isBad?.(own) === true ? paint('red', padded) : padded;
    });
    const parts = [labelOf(endpoint, nameWidth, paint), hasBar ? `${bar(part, paint)} ` : ''];
    return `${parts.join('')}${percent(part).padStart(6)} ${hasBar ? '' : ' '}${numbers.join('')}${why(endpoint, paint)}`;
  });
  return [`${paint('bold', name)}  ${facts.join('  ')}`, paint('dim', head), ...rows];
}

/** Whether only tcp listeners lead to it. */
function isTcpPool(pool: string, listeners: OverviewWire['listeners']): boolean {
  const leading = listeners.filter(({ routes }) =>
    routes.some(({ pools }) => pools.some((each) => each.pool === pool)),
  );
  return leading.length > 0 && leading.every(({ protocol }) => protocol === 'tcp');
}

type Ranked = readonly [EndpointNow, Rates];

/** Of equals, the one that is configured first. */
function inOrder(endpoints: readonly EndpointNow[], pool: string, meter: RateMeter, order: Order): Ranked[] {
  const all = endpoints.map((each): Ranked => [each, meter.endpoint(pool, each.id)]);
  if (order === 'as configured') return all;
  const rank = {
    trouble: ([each]: Ranked) => (each.eligible ? 0 : 1),
    'req/s': ([, own]: Ranked) => own.perSecond,
    p99: ([, own]: Ranked) => own.p99Ms ?? -1,
    failed: ([, own]: Ranked) => own.failedShare,
  }[order];
  return all.toSorted((a, b) => rank(b) - rank(a));
}

function labelOf(endpoint: EndpointNow, width: number, paint: Paint): string {
  const { id } = endpoint;
  const [color, state] = stateOf(endpoint);
  const name = id.length > width ? `${id.slice(0, width - 1)}…` : id.padEnd(width);
  return `  ${name}  ${paint(color, state.padEnd(STATE_WIDTH))}`;
}

const why = ({ reasons }: EndpointNow, paint: Paint): string =>
  reasons.length === 0 ? '' : paint('dim', `  ${reasons.join('; ')}`);

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
