import type { BreakerState } from '../../core/guards/circuit-breaker.ts';
import type { Endpoint } from '../../core/kernel/endpoint.ts';
import type { SocketAddress } from '../../transport/transport.ts';
import type { MemberSnapshot, MemberState } from '../membership/snapshot.ts';
import type { Mode } from '../pool-options.ts';
import type { Group } from './group.ts';

export interface PickedEndpoint {
  readonly slot: number;
  readonly id: string;
  /** Tried in order within one connect attempt; replaced when the name resolves anew. */
  readonly addresses: readonly SocketAddress[];
  /** Infinity when there is no limit. */
  readonly maxConnections: number;
}

/** One endpoint for its life, and as long as its last pick is under way. */
export interface Occupant extends PickedEndpoint {
  readonly key: number;
  readonly group: Group;
  addresses: readonly SocketAddress[];
  maxConnections: number;
  /** As configured or set at run time; what the policy sees may be less while it warms up. */
  weight: number;
  /** What the policy knows of it; replaced when weight, zone or location change. */
  endpoint: Endpoint;
  mode: Mode;
  /** Mode ready, a weight, an address: what no guard overrides. */
  willing: boolean;
  /** Checks don't say `down`. */
  healthy: boolean;
  breaker: BreakerState;
  ejected: boolean;
  /** Slow start gives it less than its weight. */
  warming: boolean;
  /** What all of it comes to; told to the policy. */
  eligible: boolean;
  member: boolean;
}

/** A newcomer of which no verdict is known yet. */
export function createOccupant(slot: number, member: MemberSnapshot, group: Group): Occupant {
  const { key, id, weight, addresses, maxConnections } = member;
  return {
    ...{ slot, key, id, group, weight, addresses, maxConnections },
    endpoint: describe(slot, member, weight),
    mode: member.mode,
    willing: false,
    healthy: false,
    breaker: 'closed',
    ejected: false,
    warming: false,
    eligible: false,
    member: true,
  };
}

/** Takes over what the membership says now; the verdicts are not looked at. */
export function refreshOccupant(occupant: Occupant, member: MemberSnapshot): void {
  const { endpoint, weight } = occupant;
  occupant.addresses = member.addresses;
  occupant.maxConnections = member.maxConnections;
  occupant.weight = member.weight;
  if (
    weight !== member.weight ||
    endpoint.zone !== member.zone ||
    endpoint.location?.latitude !== member.location?.latitude ||
    endpoint.location?.longitude !== member.location?.longitude
  ) {
    occupant.endpoint = describe(occupant.slot, member, member.weight);
  }
}

/** What the policy is to know; another object only when that is another weight. */
export function reweigh(occupant: Occupant, weight: number): boolean {
  if (occupant.endpoint.weight === weight) return false;
  occupant.endpoint = { ...occupant.endpoint, weight };
  return true;
}

export function isWilling({ mode, addresses }: Pick<MemberState, 'mode' | 'addresses'>, weight: number): boolean {
  return mode === 'ready' && weight > 0 && addresses.length > 0;
}

function describe(slot: number, { id, zone, location }: MemberSnapshot, weight: number): Endpoint {
  return { slot, id, weight, ...(zone !== undefined && { zone }), ...(location !== undefined && { location }) };
}
