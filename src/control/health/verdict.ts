import type { Health } from '../pool-options.ts';

/** Milliseconds between the starts of two checks. */
export interface Paces {
  readonly interval: number;
  /** Default: a quarter of `interval`. */
  readonly fastInterval?: number;
  /** Default: `interval`. */
  readonly downInterval?: number;
}

export interface VerdictOptions {
  /** Successes in a row that make a `down` endpoint `up`. */
  readonly rise: number;
  /** Failures in a row that make an `up` or `unknown` endpoint `down`. */
  readonly fall: number;
}

/** What an endpoint's checks have said so far. */
export interface Verdict {
  readonly health: Health;
  /** Results in a row that speak against `health`. */
  readonly against: number;
}

/** `initial: down` starts as `down`: it serves after `rise` successes. */
export function initialVerdict(initial: 'unknown' | 'down'): Verdict {
  return { health: initial, against: 0 };
}

/**
 * The verdict after one more check. The first success makes `unknown` `up`: it serves already, so waiting for `rise`
 * would change nothing but the word. One result that agrees with the verdict forgets all that spoke against it.
 */
export function judge(verdict: Verdict, ok: boolean, options: VerdictOptions): Verdict {
  const { health } = verdict;
  if (health === 'unknown' && ok) return { health: 'up', against: 0 };
  if (health === (ok ? 'up' : 'down')) return verdict.against === 0 ? verdict : { health, against: 0 };
  const against = verdict.against + 1;
  if (ok) return against >= options.rise ? { health: 'up', against: 0 } : { health, against };
  return against >= options.fall ? { health: 'down', against: 0 } : { health, against };
}

/** How long to wait for the next one: not long while results speak against the verdict. */
export function intervalAfter({ health, against }: Verdict, paces: Paces): number {
  const { interval, fastInterval = interval / 4, downInterval = interval } = paces;
  if (against > 0) return fastInterval;
  return health === 'down' ? downInterval : interval;
}
