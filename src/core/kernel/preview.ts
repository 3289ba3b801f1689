import type { Avoid, PickRequest, Policy } from './policy.ts';
import type { Rng } from './rng.ts';

/**
 * The slot that the next `pick` of this request will answer, or −1; nothing is different afterwards. Exact as long as
 * nothing happens in between, and `rng`, which the policy draws from, can be wound back: else this draws from it.
 *
 * Cost  that of a pick, and a copy of what picks change: O(members). It allocates.
 */
export function previewPick(policy: Policy, rng: Rng, request: PickRequest, avoid: Avoid | null): number {
  const restoreRng = rng.save?.();
  const restorePolicy = policy.save?.();
  try {
    return policy.pick(request, avoid);
  } finally {
    restorePolicy?.();
    restoreRng?.();
  }
}
