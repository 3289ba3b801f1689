import type { LoadReport } from './load-report.ts';

/**
 * How a pick ended. Callers on a hot path reuse one mutable object; a policy copies what it keeps.
 */
export interface Outcome {
  /** False for connect failures, resets, time-outs and answers that count as failures. */
  ok: boolean;
  /**
   * Milliseconds to the first byte of the answer; −1 when this outcome says nothing about latency
   * (tunnels, tcp connections, a client that went away). A failure's latency is penalised by the load signals.
   */
  latencyMs: number;
  /**
   * True: it says nothing about the endpoint, for its client went away or we could not ask. `ok` is true and `latencyMs` −1
   * then. Absent: false.
   */
  neutral?: boolean;
  /** What the endpoint said of its own load with this answer. Read before `done` returns: the object is reused. */
  report?: LoadReport | undefined;
}
