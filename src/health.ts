/** `equipoise/health`: active checks for a library's pool. Separate, so that who checks nothing loads no sockets. */
import { z } from 'zod';
import { createProbe } from './control/health/registry.ts';
import { HealthConfig } from './control/health/schema.ts';
import { createScheduler } from './control/membership/scheduler.ts';
import type { PoolChecks } from './control/pool/pool-input.ts';
import { EquipoiseError } from './core/kernel/errors.ts';
import { createTransport } from './transport/detect.ts';

export type { PoolChecks } from './control/pool/pool-input.ts';

/** The options of one probe, told apart by `type`; what is left out has its default. Durations: `2s`, or milliseconds. */
export type HealthInput = z.input<typeof HealthConfig>;

/**
 * Checks a pool's endpoints: `createPool({ endpoints, health: healthChecks({ type: 'http', path: '/health' }) })`. The keys
 * are those of `health` in a configuration. Runs on Node and Bun, until the pool is closed; its timers don't keep the program
 * alive.
 *
 * Errors  throws `config-invalid`, naming key and fault.
 */
export function healthChecks(input: HealthInput): PoolChecks {
  const read = HealthConfig.safeParse(input);
  if (!read.success) throw new EquipoiseError('config-invalid', `health: ${z.prettifyError(read.error)}`);
  const options = read.data;
  return () => {
    const scheduler = createScheduler();
    const transport = createTransport({ onHandlerError: (error) => Promise.reject(error) });
    return { options, probe: createProbe(options, { scheduler, transport }), scheduler };
  };
}
