/**
 * Named workloads on which policies are compared. Service times have a mean of 10 ms, endpoints serve 4 at a time and so
 * 400 a second each when undisturbed; a run is 120 s long unless the caller shortens it.
 *
 * Source  antagonists: Wydrowski et al., "Load is not what you should balance: introducing Prequal", NSDI 2024; sizes:
 *         Crovella and Bestavros, "Self-similarity in World Wide Web traffic", IEEE/ACM ToN 5(6), 1997; the rest original.
 */
import { bursts, poisson } from './arrivals.ts';
import type { Simulation } from './queue-simulation.ts';
import { bimodal, exponential, pareto } from './service-times.ts';
import type { EndpointSpec } from './simulated-endpoints.ts';
import { antagonists, coldStart } from './slowdowns.ts';

/** A simulation with a name, on which policies are compared. */
export interface Workload extends Simulation {
  readonly name: string;
  /** What it is for. */
  readonly why: string;
}

const SECONDS = 120;
const MEAN_MS = 10;
const ten = times(10);
const disturbed: EndpointSpec = { slowdown: antagonists() };

/** 95 % of 5 ms and 5 % of 105 ms: a mean of 10 ms, and a standard deviation of 22 ms. */
const mixed = bimodal(5, 105, 0.05);
/** A mean of 10 ms between 2.5 ms and 5 s. */
const heavy = pareto(2.55, 5000, 1.3);

/** The workloads of the policies' pages. */
export const workloads: readonly Workload[] = [
  {
    name: 'even',
    why: 'ten equal endpoints, 85 % busy',
    endpoints: ten,
    arrivals: poisson(3400),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
  {
    name: 'uneven',
    why: 'ten endpoints of fixed speeds from 1 to 1/8, 60 % busy',
    endpoints: [1, 1, 1, 1.5, 1.5, 2, 3, 4, 6, 8].map((slowdown) => ({ slowdown })),
    arrivals: poisson(1450),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
  {
    name: 'antagonists',
    why: 'each of ten is six times slower in 15 % of 2 s windows',
    endpoints: times(10, disturbed),
    arrivals: poisson(1800),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
  {
    name: 'mixed-antagonists',
    why: 'antagonists, and one request in twenty is 21 times as long',
    endpoints: times(10, disturbed),
    arrivals: poisson(1800),
    service: mixed,
    seconds: SECONDS,
  },
  {
    name: 'mixed-even',
    why: 'equal endpoints, one request in twenty is 21 times as long: long answers say nothing about an endpoint',
    endpoints: ten,
    arrivals: poisson(3200),
    service: mixed,
    seconds: SECONDS,
  },
  {
    name: 'heavy-tail',
    why: 'equal endpoints, request sizes as of files (bounded Pareto, shape 1.3)',
    endpoints: ten,
    arrivals: poisson(2400),
    service: heavy,
    seconds: SECONDS,
  },
  {
    name: 'bursts',
    why: 'a fifth of each second brings more than ten endpoints can serve',
    endpoints: ten,
    arrivals: bursts({ restPerSecond: 1200, burstPerSecond: 5000, periodMs: 1000, burstMs: 200 }),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
  {
    name: 'three',
    why: 'antagonists on three endpoints',
    endpoints: times(3, disturbed),
    arrivals: poisson(500),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
  {
    name: 'hundred',
    why: 'antagonists on a hundred endpoints: more than a scan compares',
    endpoints: times(100, disturbed),
    arrivals: poisson(18_000),
    service: exponential(MEAN_MS),
    seconds: SECONDS / 4,
  },
  {
    name: 'failing',
    why: 'one of ten fails each request within 1 ms for a minute, then recovers',
    endpoints: [{ fails: { fromMs: 20_000, toMs: 80_000, afterMs: 1 } }, ...times(9)],
    arrivals: poisson(1800),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
  {
    name: 'newcomer',
    why: 'a tenth endpoint joins after 30 s, ten times slower at first, warm after 10 s',
    endpoints: [...times(9), { joinsAtMs: 30_000, slowdown: coldStart(30_000, 10_000, 10) }],
    arrivals: poisson(2400),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
  {
    name: 'weighted',
    why: 'antagonists; every other endpoint has three times the places, and weight 3',
    endpoints: times(5, { servers: 2, ...disturbed }).flatMap((each) => [each, { ...each, servers: 6, weight: 3 }]),
    arrivals: poisson(1800),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
  {
    name: 'four-balancers',
    why: 'antagonists; four balancers share the endpoints and don’t know of each other',
    endpoints: times(10, disturbed),
    arrivals: poisson(1800),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
    balancers: 4,
  },
];

/** On these least-connections, which knows nothing and hedges by it, is hard to follow; the oracle's mean is worse on the first. */
export const hardWorkloads: readonly Workload[] = [
  {
    name: 'crowded',
    why: 'antagonists, and 85 % busy even if all of the capacity that they leave is used',
    endpoints: times(10, disturbed),
    arrivals: poisson(3000),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
  {
    name: 'bursts-one-place',
    why: 'as bursts, on endpoints that serve one request at a time: a latency says more of the queue than of the endpoint',
    endpoints: times(10, { servers: 1 }),
    arrivals: bursts({ restPerSecond: 300, burstPerSecond: 1250, periodMs: 1000, burstMs: 200 }),
    service: exponential(MEAN_MS),
    seconds: SECONDS,
  },
];

function times(count: number, spec: EndpointSpec = {}): EndpointSpec[] {
  return Array.from({ length: count }, () => spec);
}
