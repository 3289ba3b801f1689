/** Numbers as people read them; the same width for the same size, so that nothing moves when they change. */
const NONE = '–';

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Three digits at most: 0.4, 12, 180, 4.2k. */
export function rate(value: number): string {
  if (value === 0) return '0';
  if (value < 9.95) return value.toFixed(1);
  if (value < 9999.5) return count(value);
  return value < 999_500 ? `${(value / 1000).toFixed(value < 99_950 ? 1 : 0)}k` : `${(value / 1e6).toFixed(1)}M`;
}

export function milliseconds(value: number | null): string {
  if (value === null) return NONE;
  if (value < 9.95) return `${value.toFixed(1)} ms`;
  return value < 999.5 ? `${count(value)} ms` : `${(value / 1000).toFixed(value < 9995 ? 2 : 1)} s`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** `1.2 MB`; a thousand is a thousand. */
export function bytes(value: number): string {
  const power = Math.min(UNITS.length - 1, value < 1000 ? 0 : Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${power > 0 && scaled < 9.95 ? scaled.toFixed(1) : count(scaled)} ${UNITS[power]}`;
}

export const percent = (share: number): string =>
  share > 0 && share < 0.0995 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;

export const index = (value: number | null): string => (value === null ? NONE : value.toFixed(2));

/** `14:03:22`, by the reader's clock. */
export function timeOfDay(at: number): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((each) => `${each}`.padStart(2, '0')).join(':');
}

export function age(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}
