/**
 * A batch as people write it, and the problems that are made of it.
 *
 * What request i costs at endpoint j is
 *
 *   weights.latency · latencyMs(i, j) + weights.load · (load(j) + 1)² + weights.resource · resource(i, j)
 *
 * Nothing is normalised: weights also carry the units. An endpoint that `latencyMs` of a request leaves out (or has as
 * null) cannot serve it; a resource that is left out is 0. The size of a request is not in this cost, which is linear:
 * it counts where load grows with the batch, and where a batch is packed.
 */

import { type CostMatrix, costMatrix, defaultCapacities } from './cost-matrix.ts';
import type { PlanningProblem } from './objective.ts';
import type { PackingProblem } from './packing.ts';

export interface BatchRequest {
  readonly id: string;
  /** How much work it is, > 0; default 1. */
  readonly size?: number | undefined;
  /** Milliseconds by endpoint id, ≥ 0. */
  readonly latencyMs: Readonly<Record<string, number | null>>;
  /** What it uses up, by endpoint id, in units of the caller. */
  readonly resource?: Readonly<Record<string, number>> | undefined;
}

export interface BatchEndpoint {
  readonly id: string;
  /** How many requests of the batch it takes at most; default 1, or ceil(requests / endpoints) when requests are more. */
  readonly capacity?: number | undefined;
  /** What it has to do before the batch, ≥ 0, in the unit of sizes; default 0. */
  readonly load?: number | undefined;
}

/** Each ≥ 0. */
export interface BatchWeights {
  readonly latency: number;
  readonly load: number;
  readonly resource: number;
}

export interface Batch {
  readonly requests: readonly BatchRequest[];
  readonly endpoints: readonly BatchEndpoint[];
  readonly weights: BatchWeights;
}

export const defaultWeights: BatchWeights = { latency: 0.5, load: 0.3, resource: 0.2 };

/** The linear cost of the formula above. */
export function linearCosts(batch: Batch): CostMatrix {
  const loads = batch.endpoints.map(({ load = 0 }) => batch.weights.load * (load + 1) ** 2);
  return matrixOf(batch, (request, j, latencyMs) => ownCost(batch, request, j, latencyMs) + loads[j]!);
}

/**
 * Latency and resource as in the formula; in place of its load term, weights.load times the sum over all endpoints of
 * (load + size of all that the batch assigns to it)².
 */
export function growingLoadProblem(batch: Batch): PlanningProblem {
  const { requests, endpoints, weights } = batch;
  const loads = Float64Array.from(endpoints, ({ load = 0 }) => load);
  const matrix = matrixOf(batch, (request, j, latencyMs) => ownCost(batch, request, j, latencyMs));
  return { matrix, growing: { weight: weights.load, loads, sizes: Float64Array.from(requests, sizeOf) } };
}

/**
 * A request takes size · latencyMs at an endpoint: latency is that of a request of size 1. What an endpoint has to do
 * before the batch takes load · the mean latencyMs that it has in the batch.
 */
export function packingProblem(batch: Batch): PackingProblem {
  const times = matrixOf(batch, (request, _j, latencyMs) => sizeOf(request) * latencyMs);
  return { times, ready: Float64Array.from(batch.endpoints, ({ id, load = 0 }) => load * meanLatencyMs(batch, id)) };
}

const sizeOf = ({ size = 1 }: BatchRequest): number => size;

function meanLatencyMs({ requests }: Batch, id: string): number {
  const known = requests.map((each) => latencyOf(each, id)).filter((each) => each !== null);
  return known.length === 0 ? 0 : known.reduce((sum, each) => sum + each, 0) / known.length;
}

/** An id may be the name of something that every object has. */
function latencyOf({ latencyMs }: BatchRequest, id: string): number | null {
  return Object.hasOwn(latencyMs, id) ? (latencyMs[id] ?? null) : null;
}

function ownCost({ weights, endpoints }: Batch, request: BatchRequest, j: number, latencyMs: number): number {
  const { id } = endpoints[j]!;
  const { resource = {} } = request;
  return weights.latency * latencyMs + weights.resource * (Object.hasOwn(resource, id) ? resource[id]! : 0);
}

type CostOf = (request: BatchRequest, j: number, latencyMs: number) => number;

function matrixOf({ requests, endpoints }: Batch, costOf: CostOf): CostMatrix {
  const rows = requests.map((request) =>
    endpoints.map(({ id }, j) => {
      const latencyMs = latencyOf(request, id);
      return latencyMs === null ? null : costOf(request, j, latencyMs);
    }),
  );
  const usual = defaultCapacities(requests.length, endpoints.length);
  return costMatrix(
    rows,
    endpoints.map(({ capacity }, j) => capacity ?? usual[j]!),
  );
}
