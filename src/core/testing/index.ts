/** What a policy's test needs: the kit (its list is kit.ts), and the contract, which needs `vitest` (or Bun's runner) and `fast-check`. */
export * from './kit.ts';
export { describeLatencyPolicy, type LatencySubject } from './latency-policy.ts';
export { type ContractSubject, describePolicyContract } from './policy-contract.ts';
