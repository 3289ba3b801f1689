import { EquipoiseError } from '../../core/kernel/errors.ts';
import { defineRegistry } from '../../core/kernel/registry.ts';
import type { HealthOptions } from '../pool-options.ts';
import { grpc } from './grpc.ts';
import { http } from './http.ts';
import { mysql } from './mysql.ts';
import { postgres } from './postgres.ts';
import type { Probe, ProbeDeps } from './probe.ts';
import { redis } from './redis.ts';
import { tcp } from './tcp.ts';

/** Every built-in probe, alphabetical. A new one is its own file, one line here and one in `schema.ts`. */
export const probes = defineRegistry([grpc, http, mysql, postgres, redis, tcp]);

/** Makes the probe that `options.type` names. Throws `config-invalid` for a name that is not built in. */
export function createProbe(options: HealthOptions, deps: ProbeDeps): Probe {
  const definition = probes.get(options.type);
  if (definition === undefined) throw new EquipoiseError('config-invalid', `no health probe '${options.type}'`);
  return definition.create(options as never, deps); // the probe's schema made these options
}
