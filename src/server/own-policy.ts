import { importFunction } from '../config/import-module.ts';
import type { PoolOptions } from '../control/pool-options.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { Policy, PolicyDeps } from '../core/kernel/policy.ts';
import { createFunctionPolicy, type FunctionFailure, type PickFunction } from '../core/load/function-policy.ts';

type CreatePolicy = (options: { readonly type: string }, deps: PolicyDeps) => Policy;

/** How the policies of a pool are made. */
export interface PolicySource {
  readonly create: (deps: PolicyDeps) => Policy;
  /** The user's function; another one when the content of its module changed. */
  readonly choose?: PickFunction;
}

/**
 * What makes the policies of a pool: of a built-in type, or from a user's function, which is imported for it.
 *
 * Errors  rejects with `config-invalid` when the function cannot be had.
 */
export async function policyOf(
  pool: string,
  { policy }: Pick<PoolOptions, 'policy'>,
  createPolicy: CreatePolicy,
  onFailure: (failure: FunctionFailure) => void,
): Promise<PolicySource> {
  if (!('module' in policy)) return { create: (deps) => createPolicy(policy, deps) };
  const imported = await importFunction(policy.module);
  if (!imported.ok) throw new EquipoiseError('config-invalid', `pool ${pool}: ${imported.message}`);
  // What it takes and answers is its author's promise; what it answers is checked at each pick.
  const choose = imported.value as PickFunction;
  // Primaries and backups each have a policy: one report is enough.
  const reported = new Set<FunctionFailure['kind']>();
  const report = (failure: FunctionFailure) => {
    if (!reported.has(failure.kind)) onFailure(failure);
    reported.add(failure.kind);
  };
  return { choose, create: (deps) => createFunctionPolicy(choose, deps, report) };
}
