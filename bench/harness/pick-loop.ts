import type { Endpoint } from '../../src/core/kernel/endpoint.ts';
import { createPickRequest, type PickRequest, type Policy } from '../../src/core/kernel/policy.ts';
import { createRng } from '../../src/core/kernel/rng.ts';
import { InFlightCounts } from '../../src/core/load/in-flight.ts';
import { createPolicy, type PolicyChoice } from '../../src/core/policies/registry.ts';
import type { Loop } from './pick-cost.ts';

export interface PickLoop {
  /** One `update` with all endpoints, milliseconds. */
  readonly buildMs: number;
  readonly run: Loop;
}

const IN_FLIGHT = 64;
const CLIENTS = 1024;

/** Picks, each with the outcome of the pick 64 before it. */
export function pickAndOutcomeLoop(choice: PolicyChoice, size: number): PickLoop {
  const { policy, inFlight, buildMs } = policyOf(choice, size);
  const requests = requestsOf(clientsOf(CLIENTS));
  const underWay = new Int32Array(IN_FLIGHT).fill(-1);
  const outcome = { ok: true, latencyMs: 0 };
  let at = 0;
  function run(count: number): void {
    for (let i = 0; i < count; i++, at = (at + 1) % CLIENTS) {
      const ended = underWay[at % IN_FLIGHT]!;
      if (ended >= 0) {
        inFlight.finish(ended);
        outcome.latencyMs = 1 + (ended % 50);
        policy.done(ended, outcome);
      }
      const slot = policy.pick(requests[at]!, null);
      inFlight.start(slot);
      underWay[at % IN_FLIGHT] = slot;
    }
  }
  return { buildMs, run };
}

/** The selection alone, for these clients in turn. */
export function pickLoop(choice: PolicyChoice, size: number, clients: readonly string[]): PickLoop {
  const { policy, buildMs } = policyOf(choice, size);
  const requests = requestsOf(clients);
  let at = 0;
  let used = 0;
  function run(count: number): number {
    for (let i = 0; i < count; i++) {
      const slot = policy.pick(requests[at]!, null);
      if (slot < 0) throw new Error('a pick found nobody');
      // Given back, so that no pick is left out; as bits, because a sum would turn into a double somewhere on the way.
      used ^= slot;
      at = at + 1 < requests.length ? at + 1 : 0;
    }
    return used;
  }
  return { buildMs, run };
}

/** Addresses of that many clients. */
export function clientsOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
}

function requestsOf(clients: readonly string[]): PickRequest[] {
  return clients.map((clientIp) => ({ ...createPickRequest(), clientIp }));
}

function policyOf(choice: PolicyChoice, size: number): { policy: Policy; inFlight: InFlightCounts; buildMs: number } {
  const inFlight = new InFlightCounts();
  // As it is once every endpoint has served.
  inFlight.start(size - 1);
  inFlight.finish(size - 1);
  const policy = createPolicy(choice, { rng: createRng(1), clock: { now: () => performance.now() }, inFlight });
  const started = performance.now();
  policy.update(Array.from({ length: size }, (_, slot): Endpoint => ({ slot, id: `10.0.0.${slot}:80`, weight: 1 })));
  return { policy, inFlight, buildMs: performance.now() - started };
}
