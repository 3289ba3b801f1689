/** The test kit, published as `equipoise/testing`. It needs no test runner. */
export { type Arrivals, type Bursts, bursts, poisson, script } from './arrivals.ts';
export { type FakeClock, fakeClock } from './fake-clock.ts';
export { createOracle } from './oracle.ts';
export { endpoints, fixedInFlight, pickRequest, policyDeps } from './policy-deps.ts';
export { type PolicyUnderTest, type Simulation, simulate } from './queue-simulation.ts';
export { scriptedRng, seededRng } from './rng.ts';
export { bimodal, exponential, fixedTime, pareto, type ServiceTime } from './service-times.ts';
export type { EndpointSpec, SimulationTruth } from './simulated-endpoints.ts';
export type { SimulationResult } from './simulation-result.ts';
export { type Antagonists, antagonists, coldStart, type Slowdown, slowBetween } from './slowdowns.ts';
export { hardWorkloads, type Workload, workloads } from './workloads.ts';
