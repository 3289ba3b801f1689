/**
 * A policy in front of queues, in virtual time: what its choices do to latency, exactly repeatable from a seed.
 *
 * Requests arrive whatever the answers do. Arrivals, service times and disturbances come from generators of their own,
 * so two policies with the same seed see the same requests in the same weather: compare them seed by seed.
 *
 * Source  discrete-event simulation; common random numbers: Law, "Simulation Modeling and Analysis", 5th ed., 11.2.
 * Cost    O(log(requests being served)) an event; about a microsecond a request besides the policy's own work.
 */
import type { Clock } from '../kernel/clock.ts';
import { createPickRequest, type Policy, type PolicyDeps } from '../kernel/policy.ts';
import { createRng, type Rng } from '../kernel/rng.ts';
import { InFlightCounts } from '../load/in-flight.ts';
import type { Arrivals } from './arrivals.ts';
import { EventHeap } from './event-heap.ts';
import type { ServiceTime } from './service-times.ts';
import { type EndpointSpec, SimulatedEndpoints, type SimulationTruth } from './simulated-endpoints.ts';
import { type RequestLog, type SimulationResult, summarize } from './simulation-result.ts';

/** Endpoints, requests and what disturbs them: all that a run is made of, but the policy. */
export interface Simulation {
  /** Slot i is the i-th. */
  readonly endpoints: readonly EndpointSpec[];
  readonly arrivals: Arrivals;
  readonly service: ServiceTime;
  /** Virtual seconds in which requests arrive; the run ends when the last is answered. */
  readonly seconds: number;
  /** Balancers that share the endpoints, each with its own policy; a request goes to a random one. Default 1. */
  readonly balancers?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** Policies ignore `truth`; an oracle decides by it. */
export type PolicyUnderTest = (deps: PolicyDeps, truth: SimulationTruth) => Policy;

/** Runs to the end. The same simulation and policy give the same result, bit for bit. */
export function simulate(simulation: Simulation, createPolicy: PolicyUnderTest): SimulationResult {
  return new Run(simulation, createPolicy).toEnd();
}

interface Balancer {
  readonly policy: Policy;
  readonly inFlight: InFlightCounts;
}

class Run {
  readonly #simulation: Simulation;
  readonly #clock: Float64Array;
  readonly #endpoints: SimulatedEndpoints;
  readonly #balancers: readonly Balancer[];
  readonly #nextArrival: (nowMs: number) => number;
  readonly #serviceRng: Rng;
  readonly #balancerRng: Rng;
  readonly #completions = new EventHeap();
  readonly #joins: readonly number[];
  readonly #request = createPickRequest();
  readonly #outcome = { ok: true, latencyMs: 0 };
  #log: Requests = new Requests(1024);
  #count = 0;

  constructor(simulation: Simulation, createPolicy: PolicyUnderTest) {
    const { endpoints, arrivals, balancers = 1, seed = 1 } = simulation;
    this.#simulation = simulation;
    // Each part has its own generator, the policies' last: what one draws changes nothing in the others.
    const seeds = createRng(seed);
    const stream = () => createRng(seeds.below(2 ** 32));
    this.#nextArrival = arrivals(stream());
    this.#serviceRng = stream();
    this.#balancerRng = stream();
    // A double in a field would be allocated anew at each event.
    const now = new Float64Array(1);
    this.#clock = now;
    const clock: Clock = { now: () => now[0]! };
    this.#endpoints = new SimulatedEndpoints(endpoints, clock.now, stream);
    this.#balancers = Array.from({ length: balancers }, () => {
      const inFlight = new InFlightCounts();
      return { inFlight, policy: createPolicy({ rng: stream(), clock, inFlight }, this.#endpoints) };
    });
    this.#joins = endpoints.map(({ joinsAtMs = 0 }) => joinsAtMs).sort((a, b) => a - b);
  }

  toEnd(): SimulationResult {
    const endMs = this.#simulation.seconds * 1000;
    let arrivalMs = this.#nextArrival(0);
    this.#updateMembers();
    let joined = this.#joins.findLastIndex((joinsAtMs) => joinsAtMs <= 0) + 1;
    for (;;) {
      if (arrivalMs >= endMs) arrivalMs = Number.POSITIVE_INFINITY;
      const completionMs = this.#completions.nextMs;
      const nextMs = Math.min(arrivalMs, completionMs);
      if (nextMs === Number.POSITIVE_INFINITY) return summarize(this.#log.upTo(this.#count));
      for (; joined < this.#joins.length && this.#joins[joined]! <= nextMs; joined++) {
        this.#clock[0] = this.#joins[joined]!;
        this.#updateMembers();
      }
      this.#clock[0] = nextMs;
      // An answer that comes in the same moment as a request is known to its pick.
      if (completionMs <= arrivalMs) this.#complete(this.#completions.remove());
      else {
        this.#arrive();
        arrivalMs = this.#nextArrival(arrivalMs);
      }
    }
  }

  #updateMembers(): void {
    const members = this.#endpoints.members();
    for (const { policy } of this.#balancers) policy.update(members);
  }

  #arrive(): void {
    if (this.#count === this.#log.capacity) this.#log = this.#log.grown();
    const request = this.#count++;
    const log = this.#log;
    const balancer = this.#balancers.length === 1 ? 0 : this.#balancerRng.below(this.#balancers.length);
    const { policy, inFlight } = this.#balancers[balancer]!;
    log.arrivedMs[request] = this.#clock[0]!;
    log.balancers[request] = balancer;
    log.serviceMs[request] = this.#simulation.service(this.#serviceRng);
    const slot = policy.pick(this.#request, null);
    log.slots[request] = slot;
    if (slot < 0) log.failed[request] = 1;
    else {
      inFlight.start(slot);
      this.#send(request, slot);
    }
  }

  #send(request: number, slot: number): void {
    const log = this.#log;
    if (this.#endpoints.failsNow(slot)) {
      log.failed[request] = 1;
      this.#completions.add(this.#clock[0]! + this.#endpoints.failureMs(slot), request);
    } else if (this.#endpoints.enter(slot, request, log.next)) this.#serve(request, slot);
  }

  #serve(request: number, slot: number): void {
    const tookMs = this.#log.serviceMs[request]! * this.#endpoints.slowdown(slot);
    this.#completions.add(this.#clock[0]! + tookMs, request);
  }

  #complete(request: number): void {
    const log = this.#log;
    const slot = log.slots[request]!;
    if (log.failed[request] === 0) {
      const next = this.#endpoints.leave(slot, log.next);
      if (next >= 0) this.#serve(next, slot);
    }
    const { policy, inFlight } = this.#balancers[log.balancers[request]!]!;
    log.latenciesMs[request] = this.#clock[0]! - log.arrivedMs[request]!;
    this.#outcome.ok = log.failed[request] === 0;
    this.#outcome.latencyMs = log.latenciesMs[request]!;
    inFlight.finish(slot);
    policy.done(slot, this.#outcome);
  }
}

/** One entry per request in each array. */
class Requests {
  readonly capacity: number;
  readonly arrivedMs: Float64Array;
  readonly serviceMs: Float64Array;
  readonly latenciesMs: Float64Array;
  readonly slots: Int32Array;
  /** The request that waits behind this one. */
  readonly next: Int32Array;
  readonly balancers: Uint16Array;
  readonly failed: Uint8Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.arrivedMs = new Float64Array(capacity);
    this.serviceMs = new Float64Array(capacity);
    this.latenciesMs = new Float64Array(capacity);
    this.slots = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.balancers = new Uint16Array(capacity);
    this.failed = new Uint8Array(capacity);
  }

  grown(): Requests {
    const grown = new Requests(2 * this.capacity);
    for (const key of ['arrivedMs', 'serviceMs', 'latenciesMs'] as const) grown[key].set(this[key]);
    for (const key of ['slots', 'next'] as const) grown[key].set(this[key]);
    grown.balancers.set(this.balancers);
    grown.failed.set(this.failed);
    return grown;
  }

  upTo(count: number): RequestLog {
    return { ...this, count };
  }
}
