/**
 * What no balancer can know: takes the endpoint where a request of usual size is expected to be answered first, given
 * each endpoint's queue and slowdown at this moment. The bound that policies are measured against, not an optimum: it
 * doesn't know how long each request under way still takes, nor what comes.
 *
 * Source  original.
 * Order   a tie goes to the fewest in the system, then it is drawn.
 */
import type { Policy, PolicyDeps } from '../kernel/policy.ts';
import { EligibleSet } from '../load/eligible.ts';
import type { SimulationTruth } from './simulated-endpoints.ts';

/** A policy that knows every queue and speed and no future: what no real one can reach. */
export function createOracle({ rng }: PolicyDeps, truth: SimulationTruth): Policy {
  const eligible = new EligibleSet();

  /** Service times until a request is answered: its own, and the wait for one of the servers. */
  function costOf(slot: number): number {
    if (truth.failing(slot)) return Number.POSITIVE_INFINITY;
    const servers = truth.servers(slot);
    const ahead = Math.max(0, truth.inSystem(slot) + 1 - servers);
    return truth.slowdown(slot) * (1 + ahead / servers);
  }

  return {
    update: (members) => eligible.update(members),
    setEligible: (slot, value) => void eligible.set(slot, value),
    pick: (_request, avoid) => {
      let best = -1;
      let ties = 0;
      for (let i = 0; i < eligible.count; i++) {
        const slot = eligible.slots[i]!;
        if (avoid?.has(slot)) continue;
        const difference = best < 0 ? -1 : costOf(slot) - costOf(best) || truth.inSystem(slot) - truth.inSystem(best);
        if (difference > 0) continue;
        ties = difference < 0 ? 1 : ties + 1;
        if (ties === 1 || rng.below(ties) === 0) best = slot;
      }
      return best;
    },
    done: () => undefined,
  };
}
