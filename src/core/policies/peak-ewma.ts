/**
 * Peak EWMA: the endpoint with the least (peak-sensitive mean latency × (in-flight + 1)) / weight.
 *
 * The latency jumps up with a slow answer and fades with time (core/load/peak-ewma.ts). A newcomer has the mean of the
 * others. What fades stops at a quarter of that mean, or at the endpoint's own last value when that was less: one that
 * comes back after an hour would otherwise cost next to nothing and receive every request until its first answer.
 *
 * Source  Finagle, loadbalancer/PeakEwma.scala; the scan, the neutral start and the stop are ours.
 * Cost    pick O(eligible) up to 64, then O(choices × log n); allocates nothing.
 * Order   ties are drawn in proportion to the weights.
 * Errors  −1 when none is eligible and not avoided; never throws.
 */
import { z } from 'zod';
import type { PolicyDefinition } from '../kernel/policy.ts';
import { Candidates } from '../load/candidates.ts';
import { NeutralLatency } from '../load/neutral-latency.ts';
import { DEFAULT_DECAY_MS, NO_LATENCY, PeakEwma } from '../load/peak-ewma.ts';

const DEFAULT_CHOICES = 2;

export const PeakEwmaOptions = /* @__PURE__ */ (() =>
  z.strictObject({
    type: z.literal('peak-ewma'),
    decayMs: z
      .number()
      .min(1)
      .max(3_600_000)
      .default(DEFAULT_DECAY_MS)
      .describe('In this many milliseconds a latency fades to 37 % of itself.'),
    choices: z
      .int()
      .min(2)
      .max(64)
      .default(DEFAULT_CHOICES)
      .describe('How many endpoints are drawn and compared where more than 64 are eligible.'),
    initialMs: z
      .number()
      .min(0)
      .max(3_600_000)
      .optional()
      .describe(
        'The latency of an endpoint without data, in milliseconds; absent: the mean of the others, at first 30.',
      ),
  }))();
export type PeakEwmaOptions = z.input<typeof PeakEwmaOptions>;

/** An endpoint that faded this far is asked before those it is compared with; further would only make the rush larger. */
const FADED_SHARE = 1 / 4;

/** Below every measured latency: with a cost of 0, picks in flight would not count. */
const LEAST_MS = 1e-3;

export const peakEwma: PolicyDefinition<'peak-ewma', PeakEwmaOptions> = {
  type: 'peak-ewma',
  create: ({ decayMs, choices = DEFAULT_CHOICES, initialMs }, { rng, clock, inFlight }) => {
    const latency = new PeakEwma(decayMs);
    const neutral = new NeutralLatency(initialMs);
    const usual = new NeutralLatency();
    const candidates = new Candidates(choices, rng);
    const forget = (slot: number) => latency.forget(slot);
    /** The clock is read once a pick. In an array: a double that a closure changes would be allocated anew. */
    const now = new Float64Array(1);

    function latencyOf(slot: number): number {
      const ms = latency.of(slot, now[0]!);
      if (ms === NO_LATENCY) return Math.max(neutral.ms, LEAST_MS);
      return Math.max(ms, Math.min(latency.peakOf(slot), usual.ms * FADED_SHARE), LEAST_MS);
    }

    function costOf(slot: number): number {
      return (latencyOf(slot) * (inFlight.of(slot) + 1)) / candidates.eligible.weightOf(slot);
    }

    return {
      update: (members) => candidates.update(members, forget),
      setEligible: (slot, eligible) => void candidates.setEligible(slot, eligible),
      pick: (_request, avoid) => {
        now[0] = clock.now();
        return candidates.least(avoid, costOf);
      },
      done: (slot, outcome) => {
        latency.record(slot, outcome, clock.now());
        neutral.record(outcome);
        usual.record(outcome);
      },
      explain: (slot) => {
        now[0] = clock.now();
        const weight = candidates.eligible.weightOf(slot);
        return {
          latencyMs: latencyOf(slot),
          inFlight: inFlight.of(slot),
          weight,
          // At weight 0 there is none: it is infinite.
          ...(weight > 0 && { cost: costOf(slot) }),
          why: latency.peakOf(slot) === NO_LATENCY ? 'no answer yet: the neutral latency' : 'its own latencies',
        };
      },
    };
  },
};
