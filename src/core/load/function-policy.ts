/**
 * A user's own function as a policy: it is shown who may serve and says whom to take.
 *
 * A function that throws, or answers with what it was not shown, does not fail the request: `least-connections` decides
 * in its place, and the failure is reported, once for each kind.
 *
 * Source  original.
 * Cost    O(members) per pick, and what the function costs; allocates nothing of its own.
 * Order   the function's.
 * Errors  −1 when none is eligible and not avoided: the function is not asked then; never throws.
 */
import type { Endpoint, Location } from '../kernel/endpoint.ts';
import type { Avoid, PickRequest, Policy, PolicyDeps } from '../kernel/policy.ts';
import { EligibleSet } from './eligible.ts';
import { LeastLoaded } from './least-loaded.ts';
import { MeanLatency } from './mean-latency.ts';

/** What a function is shown of an endpoint. The same object at every pick, its numbers as of this one: don't keep it. */
export interface Candidate {
  readonly id: string;
  /** Configured proportion, > 0. */
  readonly weight: number;
  readonly zone: string | undefined;
  readonly location: Location | undefined;
  /** Requests without an outcome yet, in cost units. */
  readonly inFlight: number;
  /** Mean of the last 10 latencies in milliseconds, a failure counted as at least 5000; −1 without data. */
  readonly latencyMs: number;
  /** Failures in a row. */
  readonly failures: number;
}

/**
 * Picks one of `candidates`, which are at least one, each eligible and not tried before: itself, or its index. Must not
 * keep `request` or `candidates`: both are reused by the next pick.
 */
export type PickFunction = (
  request: Readonly<PickRequest>,
  candidates: readonly Candidate[],
) => number | Candidate | undefined;

/** What went wrong with a user's function. */
export interface FunctionFailure {
  readonly kind: 'threw' | 'bad-answer';
  /** For people. */
  readonly reason: string;
}

type View = { -readonly [K in keyof Candidate]: Candidate[K] } & { slot: number };

const WINDOW = 10;

/** `report` hears of the first failure of each kind. */
export function createFunctionPolicy(
  choose: PickFunction,
  { rng, inFlight }: Pick<PolicyDeps, 'rng' | 'inFlight'>,
  report: (failure: FunctionFailure) => void = () => {},
): Policy {
  const eligible = new EligibleSet();
  const fallback = new LeastLoaded((slot) => inFlight.of(slot), rng);
  const latency = new MeanLatency(WINDOW);
  const views: (View | undefined)[] = [];
  const candidates: View[] = [];
  const reported = new Set<FunctionFailure['kind']>();

  function update(members: readonly Endpoint[]): void {
    eligible.update(members, (slot) => {
      latency.forget(slot);
      views[slot] = undefined;
    });
    fallback.update(members);
    for (const member of members) views[member.slot] = viewOf(member, views[member.slot]?.failures ?? 0);
  }

  function show(avoid: Avoid | null): void {
    const { slots, count } = eligible;
    let shown = 0;
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      if (avoid?.has(slot)) continue;
      const view = views[slot]!;
      view.inFlight = inFlight.of(slot);
      view.latencyMs = latency.of(slot);
      candidates[shown++] = view;
    }
    candidates.length = shown;
  }

  function pick(request: PickRequest, avoid: Avoid | null): number {
    show(avoid);
    if (candidates.length === 0) return -1;
    const slot = ask(request);
    return slot >= 0 ? slot : fallback.pick(avoid);
  }

  /** The slot, or −1 after a failure. */
  function ask(request: PickRequest): number {
    let answer: unknown;
    try {
      answer = choose(request, candidates);
    } catch (error) {
      fail('threw', () => `the function threw ${String(error)}`);
      return -1;
    }
    const chosen = typeof answer === 'number' ? candidates[answer] : candidates.find((each) => each === answer);
    if (chosen !== undefined) return chosen.slot;
    fail(
      'bad-answer',
      () => `the function answered ${nameOf(answer)}, which is none of its ${candidates.length} candidates`,
    );
    return -1;
  }

  function fail(kind: FunctionFailure['kind'], reason: () => string): void {
    if (reported.has(kind)) return;
    reported.add(kind);
    report({ kind, reason: reason() });
  }

  return {
    update,
    setEligible: (slot, value) => {
      eligible.set(slot, value);
      fallback.setEligible(slot, value);
    },
    pick,
    // What the function itself keeps between picks is out of reach.
    save: () => fallback.save(),
    done: (slot, outcome) => {
      latency.record(slot, outcome);
      fallback.changed(slot);
      const view = views[slot];
      if (view !== undefined) view.failures = outcome.ok ? 0 : view.failures + 1;
    },
  };
}

function viewOf({ slot, id, weight, zone, location }: Endpoint, failures: number): View {
  return { slot, id, weight, zone, location, inFlight: 0, latencyMs: -1, failures };
}

function nameOf(answer: unknown): string {
  if (typeof answer === 'object' && answer !== null) return answer instanceof Promise ? 'a promise' : 'another object';
  return String(answer);
}
