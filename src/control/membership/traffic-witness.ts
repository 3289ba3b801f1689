/** How many requests of a slot have ended, by every worker, since whenever; the numbers may wrap round or begin anew. */
export interface TrafficCounts {
  successesOf(slot: number): number;
  failuresOf(slot: number): number;
}

/** Says whether an endpoint's own requests make its next check needless. */
export interface TrafficWitness {
  /** True when enough succeeded since it was last asked for this slot, and none failed. */
  isProven(slot: number): boolean;
}

/** Fewer in the time between two checks may be of a client or two only. */
const ENOUGH = 10;

/** See `TrafficWitness`. */
export function createTrafficWitness(counts: TrafficCounts): TrafficWitness {
  /** As of the last question, by slot. */
  const successes: number[] = [];
  const failures: number[] = [];
  return {
    isProven(slot) {
      const [succeeded, failed] = [counts.successesOf(slot), counts.failuresOf(slot)];
      const hasEnough = succeeded - (successes[slot] ?? succeeded) >= ENOUGH;
      const isClean = failed === (failures[slot] ?? failed);
      successes[slot] = succeeded;
      failures[slot] = failed;
      return hasEnough && isClean;
    },
  };
}
