import { isDeepStrictEqual } from 'node:util';
import type { PoolOptions } from '../../control/pool-options.ts';
import { AdaptiveLimit } from '../../core/guards/adaptive-limit.ts';
import { RetryBudget } from '../../core/guards/retry-budget.ts';
import type { Clock } from '../../core/kernel/clock.ts';
import type { Rng } from '../../core/kernel/rng.ts';
import { FineTimers } from '../../transport/fine-timers.ts';
import { HedgeDelay } from './hedge-delay.ts';
import { RetryRules } from './retry-rules.ts';
import { type WaitingElsewhere, WaitingLine } from './waiting-line.ts';

export type GateOptions = Pick<PoolOptions, 'retries' | 'hedge' | 'queue' | 'adaptiveLimit'>;

export interface GateDeps {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Receives what a timer threw. */
  readonly onError: (error: unknown) => void;
  /** Who waits in other workers; absent where there are none. */
  readonly waiting?: WaitingElsewhere;
}

/**
 * Further tries that may be under way however few requests are. An endpoint that dies fails everything it has at one
 * moment; these may all be tried again then. Over time the budget's rate is what bounds.
 */
const LEAST_ACTIVE_TRIES = 100;

/**
 * What stands before a pool in one worker, whatever the listener: who may come in, who waits, what is tried again. A request
 * keeps the budget and the limit it began with, which another configuration may replace meanwhile.
 */
export class PoolGate {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly timers: FineTimers;
  rules!: RetryRules;
  /** Null where nothing is ever tried again. */
  budget: RetryBudget | null = null;
  /** Null: off. */
  limit: AdaptiveLimit | null = null;
  hedge: HedgeDelay | null = null;
  line: WaitingLine | null = null;
  #options: GateOptions | null = null;
  #abolished: WaitingLine | null = null;
  readonly #waiting: WaitingElsewhere | undefined;

  constructor(options: GateOptions, { clock, rng, onError, waiting }: GateDeps) {
    this.#waiting = waiting;
    this.clock = clock;
    this.rng = rng;
    this.timers = new FineTimers(() => clock.now(), onError);
    this.configure(options);
  }

  /** Takes over other options; what has not changed goes on. */
  configure(options: GateOptions): void {
    const before = this.#options;
    this.#options = options;
    const { retries, hedge, queue, adaptiveLimit } = options;
    this.rules = new RetryRules(retries);
    this.#setBudget(options, before);
    if (!isDeepStrictEqual(hedge, before?.hedge)) {
      this.hedge = hedge === undefined ? null : new HedgeDelay(hedge, this.clock.now());
    }
    if (!isDeepStrictEqual(adaptiveLimit, before?.adaptiveLimit)) this.#setLimit(adaptiveLimit);
    if (!isDeepStrictEqual(queue, before?.queue)) this.#setLine(queue);
  }

  #setBudget({ retries, hedge }: GateOptions, before: GateOptions | null): void {
    const isNeeded = retries.attempts > 0 || hedge !== undefined;
    if (!isNeeded) this.budget = null;
    else if (this.budget === null || retries.budget !== before?.retries.budget) {
      this.budget = new RetryBudget({ ratio: retries.budget, minActive: LEAST_ACTIVE_TRIES }, this.clock);
    }
  }

  /** Another one goes on with what is under way and what was learned. */
  #setLimit(options: GateOptions['adaptiveLimit']): void {
    if (options === undefined) this.limit = null;
    else if (this.limit === null) this.limit = new AdaptiveLimit(options, this.clock);
    else this.limit.configure(options);
  }

  /** Who waits in a line that is abolished waits to its end; nobody joins it, unless there is to be one again before that. */
  #setLine(queue: GateOptions['queue']): void {
    if (queue === undefined) {
      this.#abolished = this.line;
      this.line = null;
      return;
    }
    const line = this.line ?? this.#abolished;
    this.#abolished = null;
    if (line === null) this.line = new WaitingLine(queue, this.clock, this.timers, this.#waiting);
    else {
      this.line = line;
      line.configure(queue);
    }
  }
}
