/** The package's entry: what a program or a configuration in TypeScript imports from `equipoise`. */
export { type ConfigWithPools, defineConfig, type RouteTo } from './config/define-config.ts';
export { createPool } from './control/pool/create-pool.ts';
export type { EndpointFields, EndpointInput } from './control/pool/endpoint-input.ts';
export type { NonePicked, Picked, PickOutcome, PoolEndpoint } from './control/pool/pick.ts';
export type { PolicyInput } from './control/pool/policy-input.ts';
export type { Pool, PoolChange, PoolEndpointState, PoolEvent, PoolRequest } from './control/pool/pool.ts';
export type { EndpointSource, PoolChecks, PoolInput } from './control/pool/pool-input.ts';
export { EquipoiseError, type ErrorCode } from './core/kernel/errors.ts';
export type { Candidate, PickFunction } from './core/load/function-policy.ts';
