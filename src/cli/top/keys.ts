/** What a key asks of `top`. */
export type TopKey = 'quit' | 'up' | 'down' | 'page-up' | 'page-down' | 'first' | 'last' | 'sort';

// In raw mode Ctrl-C is a key as well.
const KEYS: Readonly<Record<string, TopKey>> = {
  q: 'quit',
  Q: 'quit',
  '\u0003': 'quit',
  k: 'up',
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  j: 'down',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\x1b[5~': 'page-up',
  b: 'page-up',
  '\x1b[6~': 'page-down',
  ' ': 'page-down',
  g: 'first',
  '\x1b[H': 'first',
  G: 'last',
  '\x1b[F': 'last',
  s: 'sort',
};

/** The keys in what a terminal sent, in their order; what is none of ours is left out. */
export function keysIn(text: string): TopKey[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a terminal tells keys without a letter
  const pressed = text.match(/\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[\s\S]/g) ?? [];
  return pressed.flatMap((each) => KEYS[each] ?? []);
}

/** The orders of a pool's endpoints, in turn: as configured, those in trouble first, the busiest first, the slowest, the failing. */
export const ORDERS = ['as configured', 'trouble', 'req/s', 'p99', 'failed'] as const;
export type Order = (typeof ORDERS)[number];

/** What the reader asked for. */
export interface Wishes {
  readonly order: Order;
  /** Lines that are above the screen. */
  readonly scroll: number;
}

/** After a key; `page` is how many lines fit. */
export function afterKey({ order, scroll }: Wishes, key: TopKey, page: number): Wishes {
  if (key === 'sort') return { order: ORDERS[(ORDERS.indexOf(order) + 1) % ORDERS.length]!, scroll };
  const steps = {
    up: -1,
    down: 1,
    'page-up': -page,
    'page-down': page,
    first: -scroll,
    last: Number.POSITIVE_INFINITY,
  };
  return key === 'quit' ? { order, scroll } : { order, scroll: Math.max(0, scroll + steps[key]) };
}
