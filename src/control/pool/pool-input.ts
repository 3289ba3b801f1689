import type { Clock } from '../../core/kernel/clock.ts';
import type { Location } from '../../core/kernel/endpoint.ts';
import type { Rng } from '../../core/kernel/rng.ts';
import type { MembershipChecks } from '../membership/membership.ts';
import type { PreservationOptions } from '../membership/preservation.ts';
import type { GuardOptions } from '../picker/guards.ts';
import type { SubsetOptions } from '../picker/roster.ts';
import type { EndpointInput } from './endpoint-input.ts';
import { checkGuards, checkNumbers, NO_END } from './guard-input.ts';
import type { PolicyInput } from './policy-input.ts';
import { checkKeys, checkNumber, checkText, nameOf, refuse } from './refuse.ts';

/** What `createPool` takes. */
export interface PoolInput extends GuardOptions {
  /** Who serves; may be empty. Left out only with `discovery`. */
  readonly endpoints?: readonly EndpointInput[];
  /** Default `adaptive`. */
  readonly policy?: PolicyInput;
  /** For messages and events. Default `pool`. */
  readonly name?: string;
  /** The failure domain this program runs in. */
  readonly zone?: string;
  /** Where a client is; undefined when that is not known. For policies that compare distances. */
  readonly locate?: (clientIp: string) => Location | undefined;
  /** Where endpoints come from, instead of `endpoints`. */
  readonly discovery?: EndpointSource;
  /** Keeps endpoints of `discovery` that vanish many at once, for a while; absent: whatever it finds is believed. */
  readonly preservation?: Preservation;
  /** Active checks; `healthChecks(…)` of `equipoise/health` makes them. Absent: none, and no timer runs. */
  readonly health?: PoolChecks;
  /** Uses a part of the endpoints only, where many programs serve the same ones. */
  readonly subset?: SubsetOptions;
  /** Default: the runtime's monotonic clock. */
  readonly clock?: Clock;
  /** Repeats every draw: for tests. Default: entropy of the system. */
  readonly seed?: number;
  /** Instead of `seed`. */
  readonly rng?: Rng;
}

/** Where a pool's endpoints come from, such as a look-up that is made again and again. */
export interface EndpointSource {
  /** Calls `listener` with all endpoints whenever they may have changed, at once or later. */
  start(listener: (endpoints: readonly EndpointInput[]) => void): { stop(): void };
}

/** What of a sudden loss of endpoints is believed. */
export type Preservation = Pick<PreservationOptions, 'above' | 'graceMs'>;

/** Makes what checks a pool; called once for each pool. */
export type PoolChecks = () => MembershipChecks;

const KEYS = [
  ...['endpoints', 'policy', 'name', 'zone', 'locate', 'discovery', 'preservation', 'health', 'subset'],
  ...['circuitBreaker', 'outliers', 'slowStart', 'panic'],
  ...['clock', 'seed', 'rng'],
];

/** Throws `config-invalid`, naming the key and the fix. Endpoints and policy are read elsewhere. */
export function checkPoolInput(input: PoolInput): void {
  checkKeys('createPool', input, KEYS);
  const { endpoints, discovery, name, zone, locate, health } = input;
  if (endpoints === undefined && discovery === undefined) refuse('createPool', 'has no endpoints', 'give it some');
  if (endpoints !== undefined && discovery !== undefined) {
    refuse('createPool', 'has endpoints as well as discovery', 'give it one of the two');
  }
  if (name !== undefined) checkText('name', name);
  if (zone !== undefined) checkText('zone', zone);
  if (locate !== undefined && typeof locate !== 'function') refuse('locate', `is ${nameOf(locate)}`);
  if (discovery !== undefined && typeof discovery.start !== 'function') refuse('discovery', 'has no start');
  checkPreservation(input);
  checkGuards(input);
  if (input.subset !== undefined) checkSubset(input.subset);
  checkSources(input);
  if (health !== undefined && typeof health !== 'function') {
    refuse('health', `is ${nameOf(health)}`, "write healthChecks({ … }) of 'equipoise/health'");
  }
}

function checkPreservation({ preservation, discovery }: PoolInput): void {
  if (preservation === undefined) return;
  if (discovery === undefined) refuse('preservation', 'has no discovery to doubt', 'leave it out');
  checkNumbers('preservation', preservation, { above: [0, 1], graceMs: [1, NO_END] });
}

function checkSubset(subset: SubsetOptions): void {
  checkNumbers('subset', subset, { size: [1, NO_END], balancer: [0, NO_END] });
  checkNumber('subset.size', subset.size, 1, NO_END);
  checkNumber('subset.balancer', subset.balancer, 0, NO_END);
}

/** Of time and chance. */
function checkSources({ clock, seed, rng }: PoolInput): void {
  if (clock !== undefined && typeof clock?.now !== 'function') refuse('clock', 'has no now()');
  if (rng !== undefined && (typeof rng?.next !== 'function' || typeof rng.below !== 'function')) {
    refuse('rng', 'has no next() and below()');
  }
  if (seed !== undefined && !Number.isFinite(seed)) refuse('seed', `is ${nameOf(seed)}`, 'write a number');
}
