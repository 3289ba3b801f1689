import type { Endpoint } from '../kernel/endpoint.ts';
import type { Rng } from '../kernel/rng.ts';
import type { Slowdown } from './slowdowns.ts';

/** One endpoint of a simulation: requests wait in one line, first come, first served, before `servers` places. */
export interface EndpointSpec {
  /** Default 1. */
  readonly weight?: number;
  /** Requests that it serves at a time. Default 4. */
  readonly servers?: number;
  /** Multiplies each service time, by what holds when the service begins. Default 1. */
  readonly slowdown?: number | Slowdown;
  /** From `fromMs` to `toMs` one request in `oneIn` (default 1: every one) fails after `afterMs`, without a wait. */
  readonly fails?: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly afterMs: number;
    readonly oneIn?: number;
  };
  /** When the balancers hear of it. Default 0. */
  readonly joinsAtMs?: number;
}

/** What is true of the endpoints at this moment, for an oracle: policies don't know it. */
export interface SimulationTruth {
  /** Waiting and being served, from all balancers. */
  inSystem(slot: number): number;
  servers(slot: number): number;
  slowdown(slot: number): number;
  failing(slot: number): boolean;
}

/** The state of all endpoints; slot i is the i-th spec. Requests are numbered by the caller. */
export class SimulatedEndpoints implements SimulationTruth {
  readonly #specs: readonly EndpointSpec[];
  readonly #slowdowns: ((nowMs: number) => number)[];
  readonly #nowMs: () => number;
  readonly #serving: Int32Array;
  readonly #waiting: Int32Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  /** Requests that came while it failed. */
  readonly #tried: Int32Array;

  constructor(specs: readonly EndpointSpec[], nowMs: () => number, stream: () => Rng) {
    this.#specs = specs;
    this.#nowMs = nowMs;
    this.#slowdowns = specs.map(({ slowdown = 1 }) => {
      const rng = stream();
      return typeof slowdown === 'number' ? () => slowdown : slowdown(rng);
    });
    this.#serving = new Int32Array(specs.length);
    this.#waiting = new Int32Array(specs.length);
    this.#first = new Int32Array(specs.length).fill(-1);
    this.#last = new Int32Array(specs.length).fill(-1);
    this.#tried = new Int32Array(specs.length);
  }

  /** The endpoints that balancers know of at this time. */
  members(): Endpoint[] {
    return this.#specs
      .map(({ weight = 1 }, slot): Endpoint => ({ slot, id: `e${slot}`, weight }))
      .filter(({ slot }) => (this.#specs[slot]!.joinsAtMs ?? 0) <= this.#nowMs());
  }

  /** A request came to `slot`: true when its service begins at once, else it waits. `next` links those that wait. */
  enter(slot: number, request: number, next: Int32Array): boolean {
    if (this.#serving[slot]! < this.servers(slot)) {
      this.#serving[slot]!++;
      return true;
    }
    if (this.#waiting[slot]!++ === 0) this.#first[slot] = request;
    else next[this.#last[slot]!] = request;
    this.#last[slot] = request;
    return false;
  }

  /** A service at `slot` ended: the request whose service begins now, or −1. */
  leave(slot: number, next: Int32Array): number {
    if (this.#waiting[slot] === 0) {
      this.#serving[slot]!--;
      return -1;
    }
    const request = this.#first[slot]!;
    if (--this.#waiting[slot]! > 0) this.#first[slot] = next[request]!;
    return request;
  }

  inSystem(slot: number): number {
    return this.#serving[slot]! + this.#waiting[slot]!;
  }

  servers(slot: number): number {
    return this.#specs[slot]!.servers ?? 4;
  }

  slowdown(slot: number): number {
    return this.#slowdowns[slot]!(this.#nowMs());
  }

  failing(slot: number): boolean {
    const { fails } = this.#specs[slot]!;
    return fails !== undefined && fails.fromMs <= this.#nowMs() && this.#nowMs() < fails.toMs;
  }

  /** Whether the request that comes now to `slot` fails. */
  failsNow(slot: number): boolean {
    if (!this.failing(slot)) return false;
    this.#tried[slot]!++;
    return this.#tried[slot]! % (this.#specs[slot]!.fails!.oneIn ?? 1) === 0;
  }

  /** Of a failing endpoint. */
  failureMs(slot: number): number {
    return this.#specs[slot]!.fails!.afterMs;
  }
}
