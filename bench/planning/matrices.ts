import { createRng, type Rng } from '../../src/core/kernel/rng.ts';

/** A family of square matrices: costs of `size` rows, row-major. */
export interface Family {
  readonly name: string;
  readonly make: (size: number, rng: Rng) => Float64Array;
}

const byCell = (size: number, costOf: (i: number, j: number) => number): Float64Array =>
  Float64Array.from({ length: size * size }, (_, at) => costOf(Math.floor(at / size), at % size));

export const families: readonly Family[] = [
  { name: 'uniform', make: (size, rng) => byCell(size, () => rng.next()) },
  { name: 'integers 0..99', make: (size, rng) => byCell(size, () => rng.below(100)) },
  { name: 'integers 0..1e6', make: (size, rng) => byCell(size, () => rng.below(1_000_000)) },
  // Machol and Wien, "A hard assignment problem", Operations Research 24(1), 1976.
  { name: 'product i·j', make: (size) => byCell(size, (i, j) => (i + 1) * (j + 1)) },
  { name: 'distances', make: distances },
  { name: 'sparse 5 %', make: sparse },
  { name: 'latency + load', make: latencyAndLoad },
];

/** Between points in the unit square. */
function distances(size: number, rng: Rng): Float64Array {
  const coordinates = () => Float64Array.from({ length: size }, () => rng.next());
  const [x, y, u, v] = [coordinates(), coordinates(), coordinates(), coordinates()];
  return byCell(size, (i, j) => Math.hypot(x[i]! - u[j]!, y[i]! - v[j]!));
}

/** One cell in twenty can be had, and all of the diagonal, so that there is an assignment. */
function sparse(size: number, rng: Rng): Float64Array {
  return byCell(size, (i, j) => (i === j ? 1 : rng.next() < 0.05 ? rng.next() : Number.POSITIVE_INFINITY));
}

/** As a batch of `plan` looks: slow and fast endpoints, some of them loaded, with noise on each latency. */
function latencyAndLoad(size: number, rng: Rng): Float64Array {
  const means = Float64Array.from({ length: size }, () => 5 + 45 * rng.next());
  const loads = Float64Array.from({ length: size }, () => rng.below(20));
  return byCell(size, (_, j) => 0.5 * means[j]! * (0.5 + rng.next()) + 0.3 * (loads[j]! + 1) ** 2);
}

/** The same matrix at every run. */
export const matrixOf = ({ make }: Family, size: number): Float64Array => make(size, createRng(size));
