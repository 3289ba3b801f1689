import { type EndpointNow, ended, type Rates } from './rates.ts';

/** One column of numbers. */
export interface NumberColumn {
  readonly title: string;
  readonly text: (endpoint: EndpointNow, own: Rates) => string;
  /** Written as a warning. */
  readonly isBad?: (own: Rates) => boolean;
  /** It says nothing of tcp. */
  readonly httpOnly?: true;
}

/** What a line of an endpoint holds beside its name, state and share. */
export interface Shape {
  readonly columns: readonly NumberColumn[];
  readonly hasBar: boolean;
}

export const COLUMN_WIDTH = 10;
export const BAR_WIDTH = 20;
/** Of the share in numbers. */
export const SHARE_WIDTH = 8;

const COLUMNS: readonly NumberColumn[] = [
  { title: 'weight', text: ({ weight }) => `${Number(weight.effective.toFixed(2))}` },
  { title: 'req/s', text: (_, own) => rate(own.perSecond) },
  { title: 'p50', text: (_, own) => ms(own.p50Ms), httpOnly: true },
  { title: 'p99', text: (_, own) => ms(own.p99Ms), httpOnly: true },
  { title: 'failed', text: (_, own) => percent(own.failedShare), isBad: (own) => own.failedShare > 0 },
  { title: 'in flight', text: ({ inFlight }) => count(inFlight) },
  { title: 'requests', text: (endpoint) => count(ended(endpoint)) },
];
/** Of tcp, what ends are connections, and those in flight are open. */
const TCP_TITLES: Readonly<Record<string, string>> = { 'req/s': 'ended/s', 'in flight': 'open', requests: 'ended' };
/** Left out one after the other until a line fits. */
const LEAST_WANTED = ['requests', 'weight', 'bar', 'p50', 'in flight', 'p99'];

/** What fits into `width` cells beside names of `nameWidth`; the share, the rate and the failures always stay. */
export function shapeFor(width: number, nameWidth: number, isTcp: boolean): Shape {
  let columns = COLUMNS.filter(({ httpOnly }) => !(isTcp && httpOnly === true));
  let hasBar = true;
  const taken = () => nameWidth + (hasBar ? BAR_WIDTH : 0) + SHARE_WIDTH + columns.length * COLUMN_WIDTH;
  for (const name of LEAST_WANTED) {
    if (taken() <= width) break;
    if (name === 'bar') hasBar = false;
    else columns = columns.filter(({ title }) => title !== name);
  }
  return { columns, hasBar };
}

export const titleOf = ({ title }: NumberColumn, isTcp: boolean): string =>
  (isTcp ? TCP_TITLES[title] : undefined) ?? title;

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');
export const rate = (value: number): string => (value > 0 && value < 9.95 ? value.toFixed(1) : count(value));
export const percent = (share: number): string =>
  share > 0 && share < 0.0995 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;

export function ms(value: number | null): string {
  if (value === null) return '–';
  return value < 9.95 ? `${value.toFixed(1)} ms` : `${count(value)} ms`;
}
