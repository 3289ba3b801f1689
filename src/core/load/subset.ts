/**
 * Deterministic subsets: which few of many endpoints a balancer connects to, when many balancers serve one pool. Each round of
 * balancers shares out all endpoints anew, so that every endpoint is in nearly as many subsets as any other.
 *
 * Balancers are numbered from 0 without gaps. In a round are as many balancers as subsets fit into the endpoints; the
 * endpoints in the round's order are cut into subsets one after another. The rest that fills no subset is left out, and is
 * another one in each round.
 *
 * The order of a round is by a hash of round and id instead of a shuffle: an endpoint that joins or leaves moves the cuts by
 * one place and leaves the order of the others as it is.
 *
 * Source  Beyer et al., "Site Reliability Engineering", 2016, ch. 20, "deterministic subsetting".
 * Cost    O(n log n); allocates.
 * Errors  none.
 */
import { xxhash32 } from '../hash/xxhash32.ts';
import type { Endpoint } from '../kernel/endpoint.ts';
import { byId } from './by-id.ts';

/**
 * The endpoints of balancer number `balancer` (≥ 0): `size` (≥ 1) of them, or all where they are no more.
 * All balancers must know the same ids; the order they know them in doesn't matter.
 */
export function subset<E extends Pick<Endpoint, 'slot' | 'id'>>(
  endpoints: readonly E[],
  balancer: number,
  size: number,
): readonly E[] {
  if (endpoints.length <= size) return endpoints;
  const perRound = Math.floor(endpoints.length / size);
  const round = Math.floor(balancer / perRound);
  const start = (balancer % perRound) * size;
  return orderOf(endpoints, round).slice(start, start + size);
}

function orderOf<E extends Pick<Endpoint, 'slot' | 'id'>>(endpoints: readonly E[], round: number): E[] {
  return endpoints
    .map((endpoint) => ({ endpoint, hash: xxhash32(endpoint.id, round) }))
    .sort((a, b) => a.hash - b.hash || byId(a.endpoint, b.endpoint))
    .map(({ endpoint }) => endpoint);
}
