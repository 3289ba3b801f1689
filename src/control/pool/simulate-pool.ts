/**
 * A pool in front of scripted endpoints, in virtual time: how it would share out requests, exactly repeatable from a seed.
 *
 * It is the pool that a program gets, guards and all; only clock, chance and endpoints are ours. Requests arrive
 * independently of the answers.
 *
 * Source  discrete-event simulation, as in `core/testing/queue-simulation.ts`, which runs a policy alone.
 * Cost    some microseconds a request; a minute of a busy service is simulated in less than a second.
 * Errors  throws what `createPool` throws, and `config-invalid` for endpoints out of range.
 */
import type { Clock } from '../../core/kernel/clock.ts';
import { createRng, type Rng } from '../../core/kernel/rng.ts';
import { poisson } from '../../core/testing/arrivals.ts';
import { EventHeap } from '../../core/testing/event-heap.ts';
import { type RequestLog, type SimulationResult, summarize } from '../../core/testing/simulation-result.ts';
import { createPool } from './create-pool.ts';
import type { EndpointFields } from './endpoint-input.ts';
import type { Picked } from './pick.ts';
import type { Pool, PoolEvent, PoolRequest } from './pool.ts';
import type { PoolInput } from './pool-input.ts';
import { checkNumber, nameOf, refuse } from './refuse.ts';

export interface PoolSimulation {
  /** The pool's options: policy, guards. Default: those of `createPool`. */
  readonly pool?: Omit<PoolInput, 'endpoints' | 'discovery' | 'health' | 'clock' | 'seed' | 'rng'>;
  readonly endpoints: readonly ScriptedEndpoint[];
  /** On average; arrivals are independent. > 0. */
  readonly requestsPerSecond: number;
  /** In which requests arrive; the run ends with the last answer. */
  readonly durationMs: number;
  /** Default 1. */
  readonly seed?: number;
  /** What the pool knows of the `index`-th request. Default: nothing. */
  readonly request?: (index: number, rng: Rng) => PoolRequest;
  /** What is done to the pool meanwhile, such as a drain. */
  readonly changes?: readonly { readonly atMs: number; readonly apply: (pool: Pool) => void }[];
}

/** An endpoint whose behaviour is written down. */
export interface ScriptedEndpoint extends Omit<EndpointFields, 'address'> {
  readonly id: string;
  /** What a request takes once it is worked on, milliseconds ≥ 0: always, or by time and chance. */
  readonly latencyMs: number | ((atMs: number, rng: Rng) => number);
  /** Share of the requests that fail, 0 to 1; they take as long as others. Default 0. */
  readonly errorRate?: number | ((atMs: number) => number);
  /** Requests that it works on at a time; the others wait in turn. Absent: all of them. */
  readonly concurrency?: number;
}

/** Figures of the requests that arrived in a span of time; latencies are those that succeeded, waiting included. */
export interface PoolSimulationResult extends Omit<SimulationResult, 'share' | 'between'> {
  /** The part of the requests that arrived in [fromMs, toMs) and were sent to the endpoint, 0 to 1; by default of all. */
  share(id: string, fromMs?: number, toMs?: number): number;
  /** The same figures of the requests that arrived in [fromMs, toMs). */
  between(fromMs: number, toMs: number): PoolSimulationResult;
  /** What the pool told, and when. */
  readonly events: readonly (PoolEvent & { readonly atMs: number })[];
}

/** Runs to the end. The same simulation gives the same result, bit for bit. */
export function simulatePool(simulation: PoolSimulation): PoolSimulationResult {
  checkNumber('requestsPerSecond', simulation.requestsPerSecond, Number.MIN_VALUE, 1e7);
  checkNumber('durationMs', simulation.durationMs, 0, Number.MAX_SAFE_INTEGER);
  return new Run(simulation).toEnd();
}

/** What happens next: an arrival is none of these. */
const ANSWER = 0;
const CHANGE = 1;

interface Script {
  readonly endpoint: ScriptedEndpoint;
  readonly rng: Rng;
  /** When each of its places is free again; empty: there are as many as it takes. */
  readonly freeAtMs: Float64Array;
}

class Run {
  readonly #simulation: PoolSimulation;
  readonly #now = new Float64Array(1);
  readonly #pool: Pool;
  readonly #scripts: ReadonlyMap<string, Script>;
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #arrivalRng: Rng;
  readonly #requestRng: Rng;
  readonly #queue = new EventHeap();
  readonly #picks: (Picked | undefined)[] = [];
  readonly #events: (PoolEvent & { readonly atMs: number })[] = [];
  readonly #arrivedMs: number[] = [];
  readonly #slots: number[] = [];
  readonly #latenciesMs: number[] = [];
  readonly #failed: number[] = [];

  constructor(simulation: PoolSimulation) {
    this.#simulation = simulation;
    // Each part has its own generator: what a policy draws changes nothing in the weather.
    const seeds = createRng(simulation.seed ?? 1);
    const stream = () => createRng(seeds.below(2 ** 32));
    this.#arrivalRng = stream();
    this.#requestRng = stream();
    const clock: Clock = { now: () => this.#now[0]! };
    const endpoints = simulation.endpoints.map(toFields);
    this.#pool = createPool({ ...simulation.pool, endpoints, clock, rng: stream() });
    this.#pool.subscribe((event) => this.#events.push({ ...event, atMs: this.#now[0]! }));
    this.#scripts = new Map(simulation.endpoints.map((each) => [each.id, scriptOf(each, stream())]));
    this.#indexes = new Map(simulation.endpoints.map(({ id }, index) => [id, index]));
    simulation.changes?.forEach(({ atMs }, index) => void this.#queue.add(atMs, 2 * index + CHANGE));
  }

  toEnd(): PoolSimulationResult {
    const { requestsPerSecond, durationMs } = this.#simulation;
    const nextArrival = poisson(requestsPerSecond)(this.#arrivalRng);
    let arrivalMs = nextArrival(0);
    while (arrivalMs < durationMs || this.#queue.nextMs < Number.POSITIVE_INFINITY) {
      if (arrivalMs >= durationMs) arrivalMs = Number.POSITIVE_INFINITY;
      if (this.#queue.nextMs <= arrivalMs) this.#happen();
      else {
        this.#now[0] = arrivalMs;
        this.#arrive();
        arrivalMs = nextArrival(arrivalMs);
      }
    }
    this.#pool.close();
    return this.#result(summarize(this.#log()));
  }

  #happen(): void {
    this.#now[0] = this.#queue.nextMs;
    const event = this.#queue.remove();
    const index = event >> 1;
    if ((event & 1) === CHANGE) this.#simulation.changes![index]!.apply(this.#pool);
    else this.#answer(index);
  }

  #arrive(): void {
    const nowMs = this.#now[0]!;
    const index = this.#arrivedMs.push(nowMs) - 1;
    const request = this.#simulation.request?.(index, this.#requestRng);
    const picked = this.#pool.pick(request);
    const id = picked.endpoint?.id;
    this.#slots[index] = id === undefined ? -1 : this.#indexes.get(id)!;
    this.#latenciesMs[index] = 0;
    this.#failed[index] = 1;
    if (picked.endpoint === undefined) return;
    const script = this.#scripts.get(picked.endpoint.id)!;
    this.#picks[index] = picked;
    this.#failed[index] = script.rng.next() < errorRateOf(script, nowMs) ? 1 : 0;
    const endMs = endOf(script, nowMs);
    this.#latenciesMs[index] = endMs - nowMs;
    this.#queue.add(endMs, 2 * index + ANSWER);
  }

  #answer(index: number): void {
    const picked = this.#picks[index]!;
    this.#picks[index] = undefined;
    picked.done({ ok: this.#failed[index] === 0, latencyMs: this.#latenciesMs[index]! });
  }

  #log(): RequestLog {
    return {
      count: this.#arrivedMs.length,
      arrivedMs: Float64Array.from(this.#arrivedMs),
      slots: Int32Array.from(this.#slots),
      latenciesMs: Float64Array.from(this.#latenciesMs),
      failed: Uint8Array.from(this.#failed),
    };
  }

  #result({ share, between, ...figures }: SimulationResult): PoolSimulationResult {
    return {
      ...figures,
      events: this.#events,
      share: (id, fromMs, toMs) => share(this.#indexOf(id), fromMs, toMs),
      between: (fromMs, toMs) => this.#result(between(fromMs, toMs)),
    };
  }

  #indexOf(id: string): number {
    const index = this.#indexes.get(id);
    return index ?? refuse('share', `asks for an endpoint "${id}" that is not simulated`);
  }
}

function toFields({ latencyMs: _, errorRate: __, concurrency: ___, ...fields }: ScriptedEndpoint): EndpointFields {
  // Of any id: nobody connects to it.
  return { ...fields, address: `unix:/${fields.id}` };
}

function scriptOf(endpoint: ScriptedEndpoint, rng: Rng): Script {
  const { id, latencyMs, concurrency } = endpoint;
  if (typeof latencyMs !== 'function') checkNumber(`${id}.latencyMs`, latencyMs, 0, Number.MAX_SAFE_INTEGER);
  if (concurrency === undefined) return { endpoint, rng, freeAtMs: new Float64Array(0) };
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    refuse(`${id}.concurrency`, `is ${nameOf(concurrency)}`, 'write a whole number of at least 1');
  }
  return { endpoint, rng, freeAtMs: new Float64Array(concurrency) };
}

function errorRateOf({ endpoint: { errorRate = 0 } }: Script, atMs: number): number {
  return typeof errorRate === 'number' ? errorRate : errorRate(atMs);
}

/** When an answer to a request that comes now is complete; its place is taken until then. */
function endOf({ endpoint, rng, freeAtMs }: Script, nowMs: number): number {
  const { latencyMs } = endpoint;
  let place = -1;
  for (let i = 0; i < freeAtMs.length; i++) if (place < 0 || freeAtMs[i]! < freeAtMs[place]!) place = i;
  const beginMs = place < 0 ? nowMs : Math.max(nowMs, freeAtMs[place]!);
  const endMs = beginMs + (typeof latencyMs === 'number' ? latencyMs : latencyMs(beginMs, rng));
  if (place >= 0) freeAtMs[place] = endMs;
  return endMs;
}
