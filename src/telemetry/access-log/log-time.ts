import { encoded } from './escaping.ts';
import type { LineBytes } from './line-bytes.ts';

/** Lines that end now began in this many different seconds, mostly. */
const SECONDS = 16;

/** Writes moments of which only the milliseconds are computed each time: what a second looks like is known. */
export class LogTime {
  readonly #format: (date: Date) => string;
  readonly #seconds = new Float64Array(SECONDS).fill(-1);
  readonly #texts = new Array<Uint8Array>(SECONDS).fill(encoded(''));

  constructor(format: (date: Date) => string) {
    this.#format = format;
  }

  /** `ms`: since 1970. The milliseconds, three digits, follow behind `before`; negative: they don't. */
  write(line: LineBytes, ms: number, before: number): void {
    const whole = Math.floor(ms);
    const second = Math.floor(whole / 1000);
    const place = second % SECONDS;
    if (this.#seconds[place] !== second) {
      this.#texts[place] = encoded(this.#format(new Date(second * 1000)));
      this.#seconds[place] = second;
    }
    line.constant(this.#texts[place]!);
    if (before < 0) return;
    line.byte(before);
    line.digits(whole - second * 1000, 3);
  }
}

/** `2026-11-22T09:05:07` */
export const createIsoTime = (): LogTime => new LogTime((date) => date.toISOString().slice(0, 19));

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `22/Nov/2026:09:05:07`, in UTC. */
export const createCommonTime = (): LogTime =>
  new LogTime((date) => {
    const [year = '', , day = ''] = date.toISOString().slice(0, 10).split('-');
    return `${day}/${MONTHS[date.getUTCMonth()]}/${year}:${date.toISOString().slice(11, 19)}`;
  });
