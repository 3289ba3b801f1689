import type { Role } from '../pool-options.ts';
import type { Occupants } from './occupants.ts';
import type { Roles } from './roles.ts';
import type { Tried } from './tried.ts';

/** Why nothing was picked: the first that holds, in this order. */
export type NoneReason = 'no-endpoints' | 'none-eligible' | 'none-of-role' | 'all-at-limit' | 'all-tried';

/** `eligible`: how many are. O(1), but O(endpoints) for a role. */
export function noneReason(
  occupants: Occupants,
  eligible: number,
  roles: Roles,
  tried: Tried | null,
  role: Role | null,
): NoneReason {
  if (occupants.size === 0) return 'no-endpoints';
  if (eligible === 0) return 'none-eligible';
  const left = role === null ? eligible : eligibleOfRole(occupants, roles, role);
  if (left === 0) return 'none-of-role';
  let eligibleTried = 0;
  for (let i = 0; tried !== null && i < tried.size; i++) {
    const slot = tried.at(i);
    const isOne = occupants.at(slot)?.eligible === true && (role === null || roles.of(slot) === role);
    if (isOne) eligibleTried++;
  }
  return eligibleTried < left ? 'all-at-limit' : 'all-tried';
}

function eligibleOfRole(occupants: Occupants, roles: Roles, role: Role): number {
  let count = 0;
  for (const { slot, eligible } of occupants.members()) if (eligible && roles.of(slot) === role) count++;
  return count;
}
