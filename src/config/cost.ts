import type { CostOptions } from '../control/pool-options.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import { proposal } from '../core/kernel/proposal.ts';
import type { CostFunction } from '../proxy/request-cost.ts';
import { functionName } from './function-name.ts';
import { importFunction } from './import-module.ts';
import { misread, nameOf, oneOfForms, type Reading, scalar, section } from './reading.ts';

type CostText = Extract<CostOptions, string>;

const HEADER = /^header:[\w!#$%&'*+.^`|~-]+$/;

function readCost(value: unknown): Reading<CostText> {
  const fix = 'write content-length, header:<name> or { module: ./cost.ts#cost }';
  if (value === 'content-length') return { value };
  if (typeof value !== 'string') return misread(`expected what a request costs, found ${nameOf(value)}`, fix);
  if (HEADER.test(value)) return { value: value as CostText };
  const guess = proposal(value, ['content-length']);
  return misread(`"${value}" is no cost`, guess?.startsWith('did') ? guess : fix);
}

const CostText = scalar<CostText>(readCost, { type: 'string', pattern: `^content-length$|${HEADER.source}` });
const CostModule = section({ module: functionName('./cost.ts#cost') });

/** What a request weighs in flight. */
export const CostFile = oneOfForms([CostText, CostModule], (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? CostModule : CostText,
);

/**
 * The function that a pool's `cost` names, imported anew when its content changed; undefined where it names none.
 *
 * Errors  rejects with `config-invalid` when it cannot be had.
 */
export async function importCost(pool: string, cost: CostOptions | undefined): Promise<CostFunction | undefined> {
  if (typeof cost !== 'object') return undefined;
  const imported = await importFunction(cost.module);
  if (!imported.ok) throw new EquipoiseError('config-invalid', `pool ${pool}: ${imported.message}`);
  // What it takes and answers is its author's promise; what it answers is checked at each request.
  return imported.value as CostFunction;
}
