import type { Location } from '../../core/kernel/endpoint.ts';
import type { SocketAddress } from '../../transport/transport.ts';
import type { Health, Mode, Role } from '../pool-options.ts';

/**
 * What a pool's membership tells its pickers, in order of `version`: a snapshot of everything first, then changes of
 * single endpoints, and a new snapshot whenever members or weights change. Plain data that `structuredClone` copies.
 */
export type MembershipUpdate = MembershipSnapshot | MemberChange;

export interface MembershipSnapshot {
  readonly kind: 'snapshot';
  /** Counts every update of this pool from 1; a picker ignores what is older than what it has. */
  readonly version: number;
  readonly endpoints: readonly MemberSnapshot[];
}

/** A slow verdict of one endpoint, or its addresses, changed: O(1) to tell and to apply. */
export interface MemberChange extends MemberState {
  readonly kind: 'change';
  readonly version: number;
  readonly key: number;
}

export interface MemberSnapshot extends MemberState {
  /** Names one endpoint for its life; never reused. The same id with another address, or as a backup, is another endpoint. */
  readonly key: number;
  /** See `Endpoint`: the same in every worker, kept for the endpoint's life. */
  readonly slot: number;
  readonly id: string;
  readonly weight: number;
  readonly zone?: string;
  readonly location?: Location;
  /** Infinity when there is no limit. */
  readonly maxConnections: number;
  readonly backup: boolean;
}

export interface MemberState {
  readonly mode: Mode;
  readonly health: Health;
  /** What the last check reported, else as configured; absent: none is known. */
  readonly role?: Role;
  /** Tried in order within one connect attempt; empty while the name is not resolved, and then not eligible. */
  readonly addresses: readonly SocketAddress[];
}
