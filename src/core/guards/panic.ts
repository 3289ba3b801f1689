/**
 * Panic: so few endpoints pass their checks that the checks are more likely wrong than the endpoints, or that the few would
 * drown: then the checks' verdicts are ignored.
 *
 * Source  Envoy, "panic threshold". Of the verdicts only a check's `down` is overridden; a person's mode never is.
 */

/**
 * Are the checks to be ignored? `passing` of `members` are not down; members in another mode than ready are in neither.
 * `below`: the share, 0 to 1, under which it holds; 0 never.
 */
export function isPanic(passing: number, members: number, below: number): boolean {
  return members > 0 && passing < members * below;
}
