import { policies } from '../core/policies/registry.ts';
import { formatAddress, readEndpointAddress } from './addresses.ts';
import type { Findings } from './findings.ts';
import type { Path } from './problem.ts';
import { fieldOf, listOf, numberOf } from './raw.ts';
import { isMisread } from './reading.ts';
import { HealthFile } from './registered.ts';
import { formatDuration } from './scalars.ts';

/** Checks that a pool can serve, that its endpoints can be told apart, and that its checks have time to end. */
export function checkPool(found: Findings, path: Path, pool: unknown): void {
  const endpoints = fieldOf(pool, 'endpoints');
  if (Array.isArray(endpoints)) {
    if (endpoints.length === 0) found.problem([...path, 'endpoints'], 'the pool has no endpoints', 'add one', 'key');
    checkIds(found, [...path, 'endpoints'], endpoints);
    checkUsable(found, [...path, 'endpoints'], listOf(endpoints).map(readEndpoint));
    checkWeights(found, [...path, 'endpoints'], listOf(endpoints), fieldOf(pool, 'policy'));
  }
  checkHealth(found, [...path, 'health'], fieldOf(pool, 'health'));
}

function checkIds(found: Findings, path: Path, endpoints: readonly unknown[]): void {
  const first = new Map<string, number>();
  for (const [index, endpoint] of endpoints.entries()) {
    const id = idOf(endpoint);
    if (id === undefined) continue;
    const earlier = first.get(id);
    if (earlier === undefined) first.set(id, index);
    else found.problem([...path, index], `the id "${id}" is taken by endpoints[${earlier}]`, 'give each its own id');
  }
}

function idOf(endpoint: unknown): string | undefined {
  const id = fieldOf(endpoint, 'id');
  if (id !== undefined) return typeof id === 'string' ? id : undefined;
  const reading = readEndpointAddress(fieldOf(endpoint, 'address') ?? endpoint);
  return isMisread(reading) ? undefined : formatAddress(reading.value);
}

interface Usable {
  readonly weight: number;
  readonly backup: boolean;
  readonly ready: boolean;
}

function readEndpoint(endpoint: unknown): Usable {
  const backup = fieldOf(endpoint, 'backup');
  return {
    weight: numberOf(fieldOf(endpoint, 'weight') ?? 1) ?? 1,
    backup: backup === true || backup === 'true',
    ready: (fieldOf(endpoint, 'mode') ?? 'ready') === 'ready',
  };
}

function checkUsable(found: Findings, path: Path, endpoints: readonly Usable[]): void {
  if (endpoints.length === 0) return;
  const serving = endpoints.filter((each) => each.weight > 0);
  if (serving.length === 0) {
    found.problem(path, 'every weight is 0: nothing can be picked', 'give one a weight', 'key');
  } else if (endpoints.every((each) => each.backup)) {
    found.warning(path, 'every endpoint is a backup, so all serve');
  } else if (serving.every((each) => each.backup)) {
    found.problem(path, 'only backups have a weight', 'give a weight to one that is no backup', 'key');
  } else if (serving.every((each) => !each.ready)) {
    found.warning(path, 'no endpoint with a weight is ready');
  }
}

function checkWeights(found: Findings, path: Path, endpoints: readonly unknown[], policy: unknown): void {
  const type = fieldOf(policy, 'type') ?? policy;
  if (typeof type !== 'string' || policies.get(type)?.ignoresWeights !== true) return;
  const weights = endpoints.map((each) => readEndpoint(each).weight);
  if (new Set(weights.filter((weight) => weight > 0)).size < 2) return;
  const index = endpoints.findIndex((each, at) => weights[at]! > 0 && fieldOf(each, 'weight') !== undefined);
  const message = `${type} ignores weights: this endpoint gets as much as the others`;
  found.warning([...path, index, 'weight'], message, 'take weighted-round-robin, or leave the policy out');
}

function checkHealth(found: Findings, path: Path, health: unknown): void {
  const read = HealthFile.safeParse(health);
  if (!read.success || read.data.timeout <= read.data.interval) return;
  const { timeout, interval } = read.data;
  const message = `a check may take ${formatDuration(timeout)}, longer than the ${formatDuration(interval)} between two`;
  found.warning(path, message, 'make the timeout shorter than the interval');
}
