import type { Mode, Role } from '../pool-options.ts';

/** What an endpoint's checks say, for the question who is the primary of several that say they are. */
export interface Claimant {
  readonly id: string;
  readonly mode: Mode;
  /** By the last check that knew; a configured role claims nothing. */
  readonly reportedRole: Role | undefined;
  /** Its last check passed. */
  readonly answers: boolean;
  /** What `claimOf` said when its role last changed; 0 before. */
  readonly claim: number;
}

/**
 * How well `claimant`, whose check says primary for the first time since it said `before`, is entitled to it: 0 for one that
 * never was anything else, higher than all where it was promoted, lower than all where it came back as a primary beside
 * another one.
 *
 * A replica that becomes a primary while it answers its checks was promoted. One that was away meanwhile may have been
 * started without its replication settings: an empty Redis says `master` too.
 */
export function claimOf(claimant: Claimant, before: Role | undefined, all: readonly Claimant[]): number {
  if (before === undefined) return 0;
  const others = all.filter((each) => each !== claimant && each.reportedRole === 'primary');
  const claims = others.map((each) => each.claim);
  if (claimant.answers || !others.some((each) => each.answers)) return Math.max(0, ...claims) + 1;
  return Math.min(0, ...claims) - 1;
}

/**
 * Who is the primary in place of `claimant`; undefined: nobody is. Where several are equally entitled each of them is: as long
 * as nobody was promoted before our eyes, a cluster may well have several. One that a person took out outranks nobody.
 */
export function outrankedBy(claimant: Claimant, all: readonly Claimant[]): Claimant | undefined {
  if (claimant.reportedRole !== 'primary') return undefined;
  return all.find(
    ({ reportedRole, mode, claim }) => reportedRole === 'primary' && mode === 'ready' && claim > claimant.claim,
  );
}
