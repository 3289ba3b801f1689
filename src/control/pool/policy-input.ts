import type { Policy, PolicyDefinition, PolicyDeps } from '../../core/kernel/policy.ts';
import { defineRegistry } from '../../core/kernel/registry.ts';
import { createFunctionPolicy, type FunctionFailure, type PickFunction } from '../../core/load/function-policy.ts';
import { createPolicy, policies } from '../../core/policies/registry.ts';
import type { PolicyOptions } from '../../core/policies/schema.ts';
import { nameOf, refuse } from './refuse.ts';

/** Defaults may be left out. */
type Written<Options extends { type: string }> = Options extends unknown
  ? Pick<Options, 'type'> & Partial<Options>
  : never;

/**
 * How endpoints are picked: a type (`'p2c'`), an object with its options (`{ type: 'ring-hash', virtualNodes: 200 }`), a
 * function of your own, or a definition of your own, whose options lie beside `create`: `{ ...mine, depth: 3 }`.
 */
export type PolicyInput = PolicyOptions['type'] | Written<PolicyOptions> | PickFunction | PolicyDefinition;

/** Makes a policy, each time a new one. */
export type PolicyFactory = (deps: PolicyDeps) => Policy;

/**
 * What `policy` names; `report` hears of a function that fails.
 *
 * Errors  throws `config-invalid` for what is no policy. An unknown type is refused when the policy is made:
 *         `policy-unknown`.
 */
export function readPolicy(policy: PolicyInput, report: (failure: FunctionFailure) => void): PolicyFactory {
  if (typeof policy === 'function') return (deps) => createFunctionPolicy(policy, deps, report);
  if (typeof policy === 'string') return (deps) => createPolicy(policy, deps);
  if (typeof policy !== 'object' || policy === null || typeof policy.type !== 'string') {
    refuse('policy', `is ${nameOf(policy)}`, 'write a type, { type, …options } or a function');
  }
  if (!('create' in policy)) return (deps) => createPolicy(policy, deps);
  // Only its own type is looked up among the built-in ones: a wrapper may name any of them.
  const others = policies.definitions.filter((each) => each.type !== policy.type);
  const registry = defineRegistry<readonly PolicyDefinition[]>([...others, policy]);
  return (deps) => createPolicy(policy, deps, registry);
}

/** What the policy is called: its type, or the function's name. */
export function policyName(policy: PolicyInput): string {
  if (typeof policy === 'string') return policy;
  return typeof policy === 'function' ? policy.name || 'function' : policy.type;
}
