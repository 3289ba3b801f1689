import type { Balancer } from './balancer.ts';

/** Figures of one measurement, by name. */
export type Sample = Readonly<Record<string, number>>;

export interface Target {
  /** Ratio that must not be passed. */
  readonly atMost: number;
  /** Added to `atMost` because a difference this small is not one. Default 0. */
  readonly tolerance?: number;
}

export interface Figure {
  /** Key in the samples. */
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly target?: Target;
}

export interface Cell {
  readonly name: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** One line of a result table. */
export interface Row {
  readonly scenario: string;
  readonly figure: string;
  readonly unit: string;
  readonly digits: number;
  readonly cells: readonly Cell[];
  /** Missing when there is nothing to compare with. */
  readonly ratio?: number;
  /** What the ratio divides, in words. */
  readonly ratioOf?: string;
  readonly target?: Target;
  readonly verdict: 'PASS' | 'MISS' | '-';
}

export type Samples = ReadonlyMap<string, readonly Sample[]>;

/** Measures every balancer once a round, each round beginning with the next one. */
export async function interleave(
  balancers: readonly Balancer[],
  rounds: number,
  measure: (balancer: Balancer) => Promise<Sample>,
): Promise<Samples> {
  const samples = new Map<string, Sample[]>(balancers.map((balancer) => [balancer.name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const balancer of rotated(balancers, round)) {
      samples.get(balancer.name)?.push(await measureNamed(balancer, measure));
    }
  }
  return samples;
}

async function measureNamed(balancer: Balancer, measure: (balancer: Balancer) => Promise<Sample>): Promise<Sample> {
  try {
    return await measure(balancer);
  } catch (cause) {
    throw new Error(`${balancer.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export function rotated<T>(items: readonly T[], by: number): T[] {
  return items.map((_, index) => items[(index + by) % items.length]!);
}

/** The middle value; of an even number, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function toCells(samples: Samples, key: string): Cell[] {
  return [...samples].map(([name, taken]) => {
    const values = taken.map((sample) => sample[key] ?? Number.NaN);
    return { name, median: median(values), least: Math.min(...values), most: Math.max(...values) };
  });
}

/** Compares ours with the better (smaller) of the others. */
export function ratioRow(scenario: string, samples: Samples, figure: Figure, against?: readonly string[]): Row {
  const cells = toCells(samples, figure.key);
  const ours = cells.find((cell) => cell.name === 'equipoise');
  const peers = cells.filter((cell) => (against ? against.includes(cell.name) : cell.name !== 'equipoise'));
  if (ours === undefined || peers.length === 0) return finishRow(scenario, figure, cells);
  const best = peers.reduce((a, b) => (b.median < a.median ? b : a));
  return finishRow(scenario, figure, cells, { value: ours.median / best.median, of: `equipoise / ${best.name}` });
}

/** Compares the costliest variant with the first. */
export function growthRow(scenario: string, samples: Samples, figure: Figure): Row {
  const cells = toCells(samples, figure.key);
  const [first, ...rest] = cells;
  if (first === undefined || rest.length === 0) return finishRow(scenario, figure, cells);
  const worst = rest.reduce((a, b) => (b.median > a.median ? b : a));
  return finishRow(scenario, figure, cells, {
    value: worst.median / first.median,
    of: `${worst.name} / ${first.name}`,
  });
}

function finishRow(
  scenario: string,
  figure: Figure,
  cells: readonly Cell[],
  ratio?: { readonly value: number; readonly of: string },
): Row {
  const { title, unit, digits, target } = figure;
  return {
    ...{ scenario, figure: title, unit, digits, cells },
    ...(ratio === undefined ? {} : { ratio: ratio.value, ratioOf: ratio.of }),
    ...(target === undefined ? {} : { target }),
    verdict: ratio === undefined || target === undefined ? '-' : verdictOf(ratio.value, target),
  };
}

export function verdictOf(ratio: number, target: Target): 'PASS' | 'MISS' {
  return ratio <= target.atMost + (target.tolerance ?? 0) ? 'PASS' : 'MISS';
}
