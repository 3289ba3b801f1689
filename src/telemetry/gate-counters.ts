import { Histogram, type HistogramData } from './histogram.ts';
import type { TurnedAway } from './metrics.ts';

/** What `structuredClone` copies. */
export interface GateData {
  readonly waiting: number;
  readonly budgetExhausted: number;
  readonly turnedAway: Readonly<Record<TurnedAway, number>>;
  readonly waited: HistogramData;
}

/** What happened at the entrance of one pool to the traffic of one listener. */
export class GateCounters {
  /** Requests in the line now. */
  waiting = 0;
  /** Further tries that were not made. */
  budgetExhausted = 0;
  readonly turnedAway: Record<TurnedAway, number> = { full: 0, displaced: 0, timeout: 0, limit: 0 };
  /** Time in the line, however it ended. */
  readonly waited = new Histogram();

  unqueued(waitedMs: number): void {
    this.waiting--;
    this.waited.record(waitedMs);
  }

  data(): GateData {
    const { waiting, budgetExhausted, turnedAway, waited } = this;
    return { waiting, budgetExhausted, turnedAway: { ...turnedAway }, waited: waited.data() };
  }

  /** Adds what another worker counted. */
  add({ waiting, budgetExhausted, turnedAway, waited }: GateData): void {
    this.waiting += waiting;
    this.budgetExhausted += budgetExhausted;
    for (const [reason, count] of Object.entries(turnedAway)) this.turnedAway[reason as TurnedAway] += count;
    this.waited.add(waited);
  }
}
