import type { CostOptions } from '../../../control/pool-options.ts';
import { EquipoiseError } from '../../../core/kernel/errors.ts';
import { type CostFunction, type CostRequest, costOfLength, costOfNumber } from '../../request-cost.ts';
import { parseContentLength } from './content-length.ts';
import type { RequestHead } from './request-head.ts';
import { fieldOf, headerOf, queryOf } from './request-values.ts';

/** What a request whose head is parsed costs: a whole number from 1 to `MOST_COST`. */
export type CostReader = (head: RequestHead) => number;

/**
 * Made once per configuration; null where every request costs 1. `own` is the function that a module names; `report`
 * hears once when it fails, and such a request costs 1.
 *
 * Errors  throws `config-invalid` for a module without its function.
 */
export function compileCost(
  cost: CostOptions | undefined,
  own: CostFunction | undefined,
  report: (error: Error) => void,
): CostReader | null {
  if (cost === undefined) return null;
  if (cost === 'content-length') return ({ contentLength }) => costOfLength(contentLength);
  if (typeof cost === 'string') return costOfHeader(cost.slice('header:'.length).toLowerCase());
  if (own === undefined) throw new EquipoiseError('config-invalid', `${cost.module}: the function was not imported`);
  return costOfFunction(own, cost.module, report);
}

function costOfHeader(lowerName: string): CostReader {
  return (head) => {
    const field = fieldOf(head, lowerName);
    if (field === -1) return 1;
    const { offsets } = head.fields;
    return costOfNumber(parseContentLength(head.bytes, offsets[4 * field + 2]!, offsets[4 * field + 3]!));
  };
}

function costOfFunction(own: CostFunction, name: string, report: (error: Error) => void): CostReader {
  const view = new RequestView();
  let hasFailed = false;
  const failed = (what: string): number => {
    if (!hasFailed) report(new Error(`${name} ${what}; such requests cost 1`));
    hasFailed = true;
    return 1;
  };
  return (head) => {
    view.head = head;
    try {
      const cost: unknown = own(view);
      return typeof cost === 'number' && !Number.isNaN(cost)
        ? costOfNumber(cost)
        : failed(`gave ${typeof cost === 'number' ? cost : typeof cost}, which is no number`);
    } catch (error) {
      return failed(`threw: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
}

class RequestView implements CostRequest {
  head: RequestHead | null = null;
  /** Bound, as people write `({ header }) => …`. */
  readonly header = (name: string): string | undefined => headerOf(this.head!, name.toLowerCase());

  get method(): string {
    return this.head!.method;
  }

  get host(): string {
    return this.head!.host;
  }

  get path(): string {
    return this.head!.path;
  }

  get query(): string {
    return queryOf(this.head!);
  }

  get contentLength(): number {
    const { isChunked, contentLength } = this.head!;
    return isChunked ? -1 : Math.max(0, contentLength);
  }
}
