import { EquipoiseError } from '../kernel/errors.ts';
import type { Policy, PolicyDefinition, PolicyDeps } from '../kernel/policy.ts';
import { proposal } from '../kernel/proposal.ts';
import { defineRegistry, type Registry } from '../kernel/registry.ts';
import { adaptive } from './adaptive.ts';
import { antColony } from './ant-colony.ts';
import { boundedLoad } from './bounded-load.ts';
import { first } from './first.ts';
import { geographic } from './geographic.ts';
import { ipHash } from './ip-hash.ts';
import { learned } from './learned.ts';
import { leastConnections } from './least-connections.ts';
import { leastResponseTime } from './least-response-time.ts';
import { maglev } from './maglev.ts';
import { p2c } from './p2c.ts';
import { peakEwma } from './peak-ewma.ts';
import { prequal } from './prequal.ts';
import { random } from './random.ts';
import { rendezvous } from './rendezvous.ts';
import { ringHash } from './ring-hash.ts';
import { roundRobin } from './round-robin.ts';
import { weightedRandom } from './weighted-random.ts';
import { weightedResponseTime } from './weighted-response-time.ts';
import { weightedRoundRobin } from './weighted-round-robin.ts';
import { zoneAware } from './zone-aware.ts';

/** Every built-in policy, by type. A new one is its own file, one line here and one in schema.ts. */
export const policies = defineRegistry([
  adaptive,
  antColony,
  boundedLoad,
  first,
  geographic,
  ipHash,
  learned,
  leastConnections,
  leastResponseTime,
  maglev,
  p2c,
  peakEwma,
  prequal,
  random,
  rendezvous,
  ringHash,
  roundRobin,
  weightedRandom,
  weightedResponseTime,
  weightedRoundRobin,
  zoneAware,
]);

/** A policy's type, or its options; `policy` is what a wrapper wraps. */
export type PolicyChoice = string | { readonly type: string; readonly policy?: PolicyChoice };

/**
 * Makes the policy that `options` name: an object with `type`, or the type alone. Options left out have their defaults;
 * they are not validated here (`PolicyOptions` of schema.ts does that).
 *
 * Errors  throws `policy-unknown` when `registry` (default: the built-in policies) has no such type.
 */
export function createPolicy(
  options: PolicyChoice,
  deps: PolicyDeps,
  registry: Registry<PolicyDefinition> = policies,
): Policy {
  const given = typeof options === 'string' ? { type: options } : options;
  const definition = registry.get(given.type);
  if (definition === undefined) {
    const fix = proposal(String(given.type), registry.types) ?? '';
    const known = fix.startsWith('did') ? `; known here: ${registry.types.join(', ')}` : '';
    throw new EquipoiseError('policy-unknown', `there is no policy "${given.type}"; ${fix}${known}`);
  }
  const { wraps } = definition;
  if (wraps === undefined) return definition.create(given as never, deps);
  const wrapped = () => createPolicy(given.policy ?? wraps, deps, registry);
  return definition.create(given as never, { ...deps, wrapped });
}
