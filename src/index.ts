/** The package's entry: what a program or a configuration in TypeScript imports from `equipoise`. */

export type { ConfigInput } from './config/config.ts';
export { type ConfigWithPools, defineConfig, type RouteTo } from './config/define-config.ts';
export type { LastCheck, MemberField } from './control/membership/member.ts';
export type { MembershipEvent } from './control/membership/membership.ts';
export type { GuardEvent } from './control/picker/guard-event.ts';
export type { NoneReason } from './control/picker/picker.ts';
export type { SubsetOptions } from './control/picker/roster.ts';
export { createPool } from './control/pool/create-pool.ts';
export type { EndpointFields, EndpointInput } from './control/pool/endpoint-input.ts';
export type { NonePicked, Picked, PickOutcome, PoolEndpoint } from './control/pool/pick.ts';
export type { PolicyInput } from './control/pool/policy-input.ts';
export type {
  PolicyFailure,
  Pool,
  PoolChange,
  PoolEndpointState,
  PoolEvent,
  PoolRequest,
} from './control/pool/pool.ts';
export type { EndpointSource, PoolChecks, PoolInput, Preservation } from './control/pool/pool-input.ts';
export type { Health, Mode } from './control/pool-options.ts';
export type { BreakerState, CircuitBreakerOptions } from './core/guards/circuit-breaker.ts';
export type { OutlierEjectionOptions } from './core/guards/outlier-ejection.ts';
export type { SlowStartOptions } from './core/guards/slow-start.ts';
export type { Clock } from './core/kernel/clock.ts';
export type { Endpoint, Location } from './core/kernel/endpoint.ts';
export { EquipoiseError, type ErrorCode } from './core/kernel/errors.ts';
export type { LoadReport } from './core/kernel/load-report.ts';
export type { Outcome } from './core/kernel/outcome.ts';
export type { Avoid, InFlight, PickRequest, Policy, PolicyDefinition, PolicyDeps } from './core/kernel/policy.ts';
export type { Rng } from './core/kernel/rng.ts';
export type { Candidate, PickFunction } from './core/load/function-policy.ts';
export type { CostFunction, CostRequest } from './proxy/request-cost.ts';
