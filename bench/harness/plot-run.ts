/**
 * What a policy's page shows: one seeded run of the workload "uneven" in the queue simulation, 30 virtual seconds.
 *
 * The simulation's requests have no key, address or zone and its endpoints none either; here they get some, the same for
 * every policy, so that policies that go by them can.
 */
import type { Location } from '../../src/core/kernel/endpoint.ts';
import { createPickRequest, type Policy, type PolicyDeps } from '../../src/core/kernel/policy.ts';
import { createRng } from '../../src/core/kernel/rng.ts';
import { createPolicy } from '../../src/core/policies/registry.ts';
import { simulate } from '../../src/core/testing/queue-simulation.ts';
import { workloads } from '../../src/core/testing/workloads.ts';

export interface PlotRun {
  /** Of the requests, by endpoint, 0..1. */
  readonly shares: readonly number[];
  /** Of the configured weights, by endpoint, 0..1. */
  readonly weightShares: readonly number[];
  readonly slowdowns: readonly number[];
  /** Milliseconds, ascending. */
  readonly latenciesMs: Float64Array;
}

const SECONDS = 30;
const CLIENTS = 1000;
const uneven = workloads.find(({ name }) => name === 'uneven')!;

/** Three zones in turn, of endpoints and of clients. */
const zoneOf = (slot: number) => ['a', 'b', 'c'][slot % 3]!;

/** Two places in turn, of endpoints and of clients. */
const placeOf = (number: number): Location => ({ latitude: 0, longitude: number % 2 === 0 ? 0 : 90 });

export function runUneven(type: string): PlotRun {
  const latencies: number[] = [];
  const result = simulate({ ...uneven, seconds: SECONDS }, (deps) => recording(policyOf(type, deps), latencies));
  const weights = uneven.endpoints.map(({ weight = 1 }) => weight);
  const total = weights.reduce((sum, each) => sum + each, 0);
  return {
    shares: weights.map((_, slot) => result.share(slot)),
    weightShares: weights.map((weight) => weight / total),
    slowdowns: uneven.endpoints.map(({ slowdown }) => slowdown as number),
    latenciesMs: Float64Array.from(latencies).sort(),
  };
}

function policyOf(type: string, deps: PolicyDeps): Policy {
  const locate = (clientIp: string) => placeOf(Number(clientIp.split('.')[3]));
  const policy = createPolicy(type, { ...deps, locate });
  const clients = createRng(7);
  const request = createPickRequest();
  return {
    ...bound(policy),
    update: (members) => {
      policy.update(members.map((each) => ({ ...each, zone: zoneOf(each.slot), location: placeOf(each.slot) })));
    },
    pick: (_request, avoid) => {
      const client = clients.below(CLIENTS);
      request.key = `user-${client}`;
      request.clientIp = `10.0.${client >> 8}.${client & 255}`;
      request.zone = zoneOf(client);
      return policy.pick(request, avoid);
    },
  };
}

function recording(policy: Policy, latencies: number[]): Policy {
  return {
    ...policy,
    done: (slot, outcome) => {
      latencies.push(outcome.latencyMs);
      policy.done(slot, outcome);
    },
  };
}

/** A policy may be a class: its methods are no properties of its own. */
function bound(policy: Policy): Policy {
  return {
    update: (members) => policy.update(members),
    setEligible: (slot, eligible) => policy.setEligible(slot, eligible),
    pick: (request, avoid) => policy.pick(request, avoid),
    done: (slot, outcome) => policy.done(slot, outcome),
  };
}
