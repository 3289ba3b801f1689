import type { Endpoint } from '../kernel/endpoint.ts';
import type { PickRequest } from '../kernel/policy.ts';
import { endpoints } from './policy-deps.ts';
import { clientRequest, type PolicyDriver } from './policy-driver.ts';
import { seededRng } from './rng.ts';

export interface Trace {
  readonly seed: number;
  /** Default 600. */
  readonly steps?: number;
  /** Milliseconds; each answer takes up to twice as long. Default: slot + 1. */
  readonly latencyOf?: (slot: number) => number;
  /** Called before each pick with its request. */
  readonly before?: (request: PickRequest, slots: readonly number[]) => void;
}

const CLIENTS = 40;
const SLOTS = 12;
/** They differ in zone and place. */
const all = endpoints(SLOTS).map((each) => {
  const location = { latitude: 20 * (each.slot % 4), longitude: 0 };
  return { ...each, zone: ['a', 'b', 'c'][each.slot % 3]!, location };
});
const WEIGHTS = [0, 1, 1, 1, 2, 5];

/**
 * A random run of all that happens to a policy, always the same for a seed: picks, outcomes of uneven endpoints, verdicts,
 * members that come and go, time. The slots that were picked.
 */
export function runTrace(
  subject: PolicyDriver,
  { seed, steps = 600, latencyOf = (slot) => slot + 1, before }: Trace,
): number[] {
  const rng = seededRng(seed);
  const picked: number[] = [];
  let members: readonly Endpoint[] = [];
  let underWay: number[] = [];

  function update(): void {
    const kept = all.filter(() => rng.below(4) > 0);
    const next = kept.map((each) => Object.freeze({ ...each, weight: WEIGHTS[rng.below(WEIGHTS.length)]! }));
    // Who comes back has nothing under way.
    const stays = new Set(members.map(({ slot }) => slot));
    for (const slot of underWay) if (!stays.has(slot)) finish(slot);
    underWay = underWay.filter((slot) => stays.has(slot));
    members = Object.freeze(next);
    subject.policy.update(members);
  }

  function pick(): void {
    const request = clientRequest(rng.below(CLIENTS));
    const slots = members.map(({ slot }) => slot);
    before?.(request, slots);
    const slot = subject.take(request);
    picked.push(slot);
    if (slot >= 0) underWay.push(slot);
  }

  function finish(slot: number): void {
    subject.finish(slot, rng.below(10) > 0, latencyOf(slot) * (1 + rng.next()));
  }

  update();
  for (let step = 0; step < steps; step++) {
    const kind = rng.below(40);
    if (kind === 0) update();
    else if (kind < 4) subject.policy.setEligible(rng.below(SLOTS), rng.below(2) > 0);
    else if (kind < 20 && underWay.length > 0) finish(underWay.splice(rng.below(underWay.length), 1)[0]!);
    else pick();
    subject.clock.advance(rng.below(20));
  }
  return picked;
}
