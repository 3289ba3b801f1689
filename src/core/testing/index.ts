/** The test kit: what a policy's test needs. Needs `vitest` (or Bun's runner) and `fast-check` beside it. */
export { type FakeClock, fakeClock } from './fake-clock.ts';
export { type ContractSubject, describePolicyContract } from './policy-contract.ts';
export { endpoints, fixedInFlight, pickRequest, policyDeps } from './policy-deps.ts';
export { scriptedRng, seededRng } from './rng.ts';
