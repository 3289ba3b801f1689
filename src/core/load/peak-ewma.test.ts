import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAILURE_MS } from './mean-latency.ts';
import { NO_LATENCY, PeakEwma } from './peak-ewma.ts';

/** At `atMs`, a latency; negative latencies stand for failures of that many milliseconds, −0.5 for "says nothing". */
type Sample = readonly [atMs: number, latencyMs: number];

function recorded(samples: readonly Sample[], decayMs = 1000, slot = 90): PeakEwma {
  const latency = new PeakEwma(decayMs);
  for (const [atMs, ms] of samples) {
    if (ms === -0.5) latency.record(slot, { ok: true, latencyMs: -1 }, atMs);
    else latency.record(slot, { ok: ms >= 0, latencyMs: Math.abs(ms) }, atMs);
  }
  return latency;
}

/** The share left after `t` decay times. */
const left = (t: number) => Math.exp(-t);

describe('PeakEwma', () => {
  test.each<{ why: string; samples: Sample[]; at: number; want: number }>([
    { why: 'no data', samples: [], at: 0, want: NO_LATENCY },
    { why: 'the first sample is the value', samples: [[5, 30]], at: 5, want: 30 },
    { why: 'a read fades', samples: [[5, 30]], at: 1005, want: 30 * left(1) },
    { why: 'a higher one resets', samples: [[0, 30], [500, 31]], at: 500, want: 31 }, // biome-ignore format: a table
    { why: 'a lower one mixes by time', samples: [[0, 30], [500, 10]], at: 500, want: 10 * (1 - left(0.5)) + 30 * left(0.5) }, // biome-ignore format: a table
    { why: 'none at the same moment', samples: [[0, 30], [0, 10]], at: 0, want: 30 }, // biome-ignore format: a table
    { why: 'a fast failure is slow', samples: [[0, -1]], at: 0, want: FAILURE_MS },
    { why: 'a slower failure counts in full', samples: [[0, -9000]], at: 0, want: 9000 },
    { why: 'one without latency is ignored', samples: [[0, 30], [900, -0.5]], at: 1000, want: 30 * left(1) }, // biome-ignore format: a table
    { why: 'zero is a latency', samples: [[0, 0]], at: 900, want: 0 },
    { why: 'a long silence fades to nothing', samples: [[0, 30]], at: 1e9, want: 0 },
    { why: 'a time before the origin of the clock', samples: [[-7e6, 30]], at: -7e6 + 1000, want: 30 * left(1) },
  ])('$why', ({ samples, at, want }) => {
    const latency = recorded(samples);
    expect(latency.of(90, at)).toBeCloseTo(want, 9);
    expect(latency.of(89, at)).toBe(NO_LATENCY);
    expect(latency.of(1e6, at)).toBe(NO_LATENCY);
  });

  test('what faded is still known as the peak; a slot is forgotten alone', () => {
    const latency = recorded([[0, 30]]);
    latency.record(3, { ok: true, latencyMs: 7 }, 0);
    latency.record(4000, { ok: true, latencyMs: 8 }, 0);
    expect([latency.peakOf(90), latency.of(90, 3000)]).toEqual([30, expect.closeTo(30 * left(3), 9)]);
    latency.forget(90);
    latency.forget(1e6);
    expect([3, 90, 4000, 1e6].map((slot) => latency.peakOf(slot))).toEqual([7, NO_LATENCY, 8, NO_LATENCY]);
  });

  test('agrees with the plain formula over any history, however long', () => {
    const sample = fc.tuple(
      fc.double({ min: 0, max: 400_000, noNaN: true }),
      fc.double({ min: 0, max: 1e12, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 40 }), fc.boolean(), (steps, reads) => {
        const latency = new PeakEwma(1000);
        let [now, value] = [0, NO_LATENCY];
        for (const [waitMs, latencyMs] of steps) {
          // Reads in between change nothing.
          if (reads) latency.of(0, now + waitMs / 2);
          now += waitMs;
          const w = Math.exp(-waitMs / 1000);
          value = latencyMs >= value ? latencyMs : latencyMs * (1 - w) + value * w;
          latency.record(0, { ok: true, latencyMs }, now);
          const want = value * Math.exp(-0.5);
          // Two exponentials of arguments up to 100 are each exact to 100 × 2^-53; the mixing adds up over 40 steps.
          expect(Math.abs(latency.of(0, now + 500) - want)).toBeLessThanOrEqual(1e-11 * want + 1e-12);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('stays finite with hostile latencies', () => {
    const latency = new PeakEwma(1);
    const hostile = [Number.MAX_VALUE, 0, 1e12, Number.MIN_VALUE, Infinity];
    for (let i = 0; i < 1000; i++) {
      latency.record(0, { ok: i % 7 > 0, latencyMs: hostile[i % 5]! }, i * 37);
      expect(Number.isFinite(latency.of(0, i * 37 + (i % 3)))).toBe(true);
    }
  });
});
