/**
 * Latencies in steps, four to an octave, from 2^-5 ms (31 µs) to 2^15 ms (33 s): coarse enough to be kept for each endpoint.
 *
 * Errors  a step is at most a quarter of its lower bound wide, so a quantile read at its middle is off by at most 12.5 %.
 *         What lies outside the range is counted at its ends.
 */
const LOWEST_EXPONENT = -5;
const HIGHEST_EXPONENT = 15;
const PER_OCTAVE_BITS = 2;
const MANTISSA_BITS = 23;
const EXPONENT_BIAS = 127;
const SHIFT = MANTISSA_BITS - PER_OCTAVE_BITS;
const FIRST = (EXPONENT_BIAS + LOWEST_EXPONENT) << PER_OCTAVE_BITS;
const LOWEST = 2 ** LOWEST_EXPONENT;

/** How many there are. */
export const LATENCY_STEPS = (HIGHEST_EXPONENT - LOWEST_EXPONENT) << PER_OCTAVE_BITS;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The step that `ms` falls into; NaN and what is below the range: 0. */
export function stepOf(ms: number): number {
  if (!(ms >= LOWEST)) return 0;
  float[0] = ms;
  const step = (bits[0]! >>> SHIFT) - FIRST;
  return step < LATENCY_STEPS ? step : LATENCY_STEPS - 1;
}

/** Where each step begins, in milliseconds, and where the last one ends. */
export const STEP_BOUNDS_MS: readonly number[] = Array.from({ length: LATENCY_STEPS + 1 }, (_, step) => {
  const octave = 2 ** (LOWEST_EXPONENT + (step >> PER_OCTAVE_BITS));
  const part = step & ((1 << PER_OCTAVE_BITS) - 1);
  return octave * (1 + part / (1 << PER_OCTAVE_BITS));
});

export interface StepsSummary {
  /** How many lie below each of the bounds that were asked for. */
  readonly below: readonly number[];
  readonly count: number;
  /** As if each lay in the middle of its step: off by at most 12.5 %. */
  readonly sumMs: number;
}

/** `boundsMs` ascend, and are powers of two. */
export function summariseSteps(counts: Float64Array, boundsMs: readonly number[]): StepsSummary {
  const below = boundsMs.map(() => 0);
  let count = 0;
  let sumMs = 0;
  for (const [step, many] of counts.entries()) {
    count += many;
    sumMs += (many * (STEP_BOUNDS_MS[step]! + STEP_BOUNDS_MS[step + 1]!)) / 2;
    for (const [index, bound] of boundsMs.entries()) if (STEP_BOUNDS_MS[step + 1]! <= bound) below[index]! += many;
  }
  return { below, count, sumMs };
}
