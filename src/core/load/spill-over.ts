/**
 * Spill-over: what share of the load each group of endpoints gets, when groups stand by for one another in order
 * (primaries, backups, the backups' backups).
 *
 * Formula  ability of group k = min(1, overprovisioning × available / members); a group of ability 1 carries everything.
 *          In order, each takes min(what is left, its ability / min(1, sum of abilities)).
 * Example  5 % and 65 % available at 1.4: abilities 7 % and 91 %, shares 7.1 % and 92.9 %.
 *
 * Source  Envoy, "priority levels" (overprovisioning 1.4), in fractions instead of whole percents.
 */

export interface SpillOverGroup {
  /** Endpoints in it. */
  readonly members: number;
  /** Of these, the ones that may be picked. */
  readonly available: number;
}

/** A group carries its whole load as long as 1 / 1.4 = 71 % of it are available. */
export const OVERPROVISIONING = 1.4;

/** Far below any share that matters, far above what rounding leaves of 1. */
const TOLERANCE = 1e-12;

/** Shares that sum to 1, in the order of the groups; all 0 when nothing is available. */
export function spillOver(groups: readonly SpillOverGroup[], overprovisioning = OVERPROVISIONING): number[] {
  const abilities = groups.map((group) => abilityOf(group, overprovisioning));
  const sum = abilities.reduce((total, each) => total + each, 0);
  if (sum === 0) return groups.map(() => 0);
  const whole = Math.min(1, sum);
  let left = 1;
  return abilities.map((ability) => {
    const share = Math.min(left, ability / whole);
    // What rounding leaves is nobody's.
    left = left - share < TOLERANCE ? 0 : left - share;
    return share;
  });
}

function abilityOf({ members, available }: SpillOverGroup, overprovisioning: number): number {
  return members === 0 ? 0 : Math.min(1, (overprovisioning * available) / members);
}
