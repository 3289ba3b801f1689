import type { Endpoint } from '../kernel/endpoint.ts';
import { createPickRequest, type InFlight, type PickRequest, type PolicyDeps } from '../kernel/policy.ts';
import { fakeClock } from './fake-clock.ts';
import { seededRng } from './rng.ts';

/** What a policy needs, each replaceable: seed 1, a clock that stands still, nothing in flight. */
export function policyDeps(given: Partial<PolicyDeps> = {}): PolicyDeps {
  return { rng: seededRng(1), clock: fakeClock(), inFlight: fixedInFlight([]), ...given };
}

/** In-flight counts by slot that never change; 0 where nothing is given. */
export function fixedInFlight(counts: readonly number[]): InFlight {
  return { of: (slot) => counts[slot] ?? 0, total: () => counts.reduce((sum, each) => sum + each, 0) };
}

/** An empty request of cost 1, but for what is given. */
export function pickRequest(given: Partial<PickRequest> = {}): PickRequest {
  return { ...createPickRequest(), ...given };
}

/**
 * Endpoints for a test: `endpoints(3)` has the slots 0 to 2; specs say what differs.
 * An absent slot is the index, an absent id is `e<slot>`, an absent weight is 1.
 */
export function endpoints(specs: number | readonly Partial<Endpoint>[]): Endpoint[] {
  const list = typeof specs === 'number' ? Array.from({ length: specs }, (): Partial<Endpoint> => ({})) : specs;
  return list.map((spec, index) => {
    const slot = spec.slot ?? index;
    return { id: `e${slot}`, weight: 1, ...spec, slot };
  });
}
