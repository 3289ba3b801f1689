/** `equipoise/testing`: clocks and chance that a test holds in its hand, policies before queues, pools before scripted endpoints. */
export {
  type PoolSimulation,
  type PoolSimulationResult,
  type ScriptedEndpoint,
  simulatePool,
} from './control/pool/simulate-pool.ts';
export * from './core/testing/kit.ts';
