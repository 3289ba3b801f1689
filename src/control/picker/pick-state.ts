import type { BreakerState } from '../../core/guards/circuit-breaker.ts';
import type { Guards } from './guards.ts';
import type { Occupant } from './occupant.ts';

/** What a picker knows of an endpoint beyond what its membership knows; for people. */
export interface PickState {
  /** All verdicts together: a pick may reach it. */
  readonly eligible: boolean;
  /** Absent without circuit breakers. */
  readonly breaker?: BreakerState;
  /** Milliseconds; absent unless its breaker is open. */
  readonly openForMs?: number;
  /** Absent without outlier ejection. */
  readonly ejected?: boolean;
  /** Milliseconds at most; absent unless it is ejected. */
  readonly ejectedForMs?: number;
  /** Absent without slow start: what the policy counts its weight as. */
  readonly effectiveWeight?: number;
}

export function pickState({ slot, eligible, breaker, ejected, endpoint }: Occupant, guards: Guards | null): PickState {
  return {
    eligible,
    ...(guards?.breaker && { breaker }),
    ...(guards?.breaker && breaker === 'open' && { openForMs: guards.breaker.openForMs(slot) }),
    ...(guards?.outliers && { ejected }),
    ...(guards?.outliers && ejected && { ejectedForMs: guards.outliers.ejectedForMs(slot) }),
    ...(guards?.slowStart && { effectiveWeight: endpoint.weight }),
  };
}
