/** The package's entry: what a program or a configuration in TypeScript imports from `equipoise`. */
export { type ConfigWithPools, defineConfig, type RouteTo } from './config/define-config.ts';
