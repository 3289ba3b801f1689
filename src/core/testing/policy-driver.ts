import type { Avoid, PickRequest, Policy, PolicyDeps } from '../kernel/policy.ts';
import { previewPick } from '../kernel/preview.ts';
import type { Rng } from '../kernel/rng.ts';
import { InFlightCounts } from '../load/in-flight.ts';
import { fakeClock } from './fake-clock.ts';
import { pickRequest, policyDeps } from './policy-deps.ts';
import { seededRng } from './rng.ts';

/** Calls a policy as the picker does: counts a pick before the next one, uncounts it before its outcome. */
export class PolicyDriver {
  readonly policy: Policy;
  readonly inFlight = new InFlightCounts();
  readonly clock = fakeClock();
  /** How often the policy drew a number. */
  draws = 0;
  readonly #outcome = { ok: true, latencyMs: 0 };
  readonly #latencyMs: number;
  readonly #rng: Rng;

  constructor(create: (deps: PolicyDeps) => Policy, seed: number, latencyMs = 10) {
    this.#latencyMs = latencyMs;
    this.#rng = this.#counted(seededRng(seed));
    this.policy = create(policyDeps({ rng: this.#rng, clock: this.clock, inFlight: this.inFlight }));
  }

  #counted(rng: Rng): Rng {
    const draw = (value: number) => {
      this.draws++;
      return value;
    };
    return { next: () => draw(rng.next()), below: (bound) => draw(rng.below(bound)), save: () => rng.save!() };
  }

  take(request: PickRequest, avoid: Avoid | null = null): number {
    const slot = this.policy.pick(request, avoid);
    if (slot >= 0) this.inFlight.start(slot);
    return slot;
  }

  /** What `take` will answer; nothing is different afterwards. */
  preview(request: PickRequest, avoid: Avoid | null = null): number {
    return previewPick(this.policy, this.#rng, request, avoid);
  }

  finish(slot: number, ok = true, latencyMs = this.#latencyMs): void {
    this.inFlight.finish(slot);
    this.#outcome.ok = ok;
    this.#outcome.latencyMs = latencyMs;
    this.policy.done(slot, this.#outcome);
  }

  /** A pick whose outcome comes at once. */
  takeAndFinish(request: PickRequest, avoid: Avoid | null = null): number {
    const slot = this.take(request, avoid);
    if (slot >= 0) this.finish(slot);
    return slot;
  }
}

/** The `index`th of many clients, each with its own key and address. */
export function clientRequest(index: number): PickRequest {
  return pickRequest({
    key: `user-${index}`,
    clientIp: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
  });
}

/** Avoids exactly these slots. */
export function avoiding(slots: Iterable<number>): Avoid {
  return new Set(slots);
}
