/** Chance, passed in so that every decision can be repeated from a seed. */
export interface Rng {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound); bound ≥ 1. */
  below(bound: number): number;
  /** Remembers where it stands; the result brings it back there. Absent: it cannot be wound back. */
  save?(): () => void;
}

/**
 * xoshiro128** seeded by splitmix32: 32-bit operations only, 2^128 − 1 period, a few nanoseconds a draw.
 *
 * Source  Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47(4), 2021.
 */
export function createRng(seed: number): Rng {
  let state = seed >>> 0;
  const split = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return z ^ (z >>> 15);
  };
  // Words of an array are 32 bits each and stay so; variables that a closure changes would be boxed values.
  const words = Int32Array.of(split(), split(), split(), split());

  // Rotations are spelled out: engines inline calls of calls only so deep, and a draw is at the bottom of a pick.
  function bits(): number {
    const a = words[0]!;
    const b = words[1]!;
    const c = words[2]! ^ a;
    const d = words[3]! ^ b;
    words[0] = a ^ d;
    words[1] = b ^ c;
    words[2] = c ^ (b << 9);
    words[3] = (d << 11) | (d >>> 21);
    const fives = Math.imul(b, 5);
    return Math.imul((fives << 7) | (fives >>> 25), 9) >>> 0;
  }

  return {
    next: () => bits() / 4294967296,
    // The bias of scaling 32 bits to a bound of at most 2^20 is below 2^-12 of one share. `>>> 0` is a floor up to 2^32, and
    // unlike Math.floor leaves an integer to the engine.
    below: (bound) => ((bits() / 4294967296) * bound) >>> 0,
    save() {
      const saved = words.slice();
      return () => words.set(saved);
    },
  };
}
