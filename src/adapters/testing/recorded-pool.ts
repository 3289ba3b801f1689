import { createPool } from '../../control/pool/create-pool.ts';
import type { PickOutcome } from '../../control/pool/pick.ts';
import type { Pool } from '../../control/pool/pool.ts';
import type { PoolInput } from '../../control/pool/pool-input.ts';

export interface RecordedPool {
  readonly pool: Pool;
  /** Outcomes in the order in which they were told, each with its endpoint's port. */
  readonly ended: readonly (PickOutcome & { readonly port: number })[];
  inFlight(): number;
}

/** Endpoints on loopback, picked in turn from the first on, unless `more` says otherwise. */
export function recordedPool(ports: readonly number[], more: Partial<PoolInput> = {}): RecordedPool {
  const endpoints = ports.map((port) => `127.0.0.1:${port}`);
  const inner = createPool({ endpoints, policy: 'round-robin', ...more });
  const ended: (PickOutcome & { port: number })[] = [];
  const pick: Pool['pick'] = (request) => {
    const picked = inner.pick(request);
    if (picked.endpoint === undefined) return picked;
    const { endpoint } = picked;
    const done = (outcome: PickOutcome): void => {
      picked.done(outcome);
      ended.push({ ...outcome, port: Number(endpoint.address.split(':').at(-1)) });
    };
    return { endpoint, done };
  };
  // Its methods keep their own `this`; only `pick` is another.
  const pool = new Proxy(inner, {
    get(target, key) {
      if (key === 'pick') return pick;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { pool, ended, inFlight: () => inner.endpoints.reduce((sum, each) => sum + each.inFlight, 0) };
}
