import type { Avoid, PickRequest } from '../../core/kernel/policy.ts';
import type { Role } from '../pool-options.ts';
import type { Group } from './group.ts';
import type { NoneReason } from './none-reason.ts';
import type { Occupant } from './occupant.ts';
import type { Occupants } from './occupants.ts';
import type { PickCounts } from './request-counts.ts';
import type { Roster } from './roster.ts';
import type { Tried } from './tried.ts';

/** What a dry run of one pick found, for people; plain data. */
export interface PickExplanation {
  /** Who gets the request; absent: nobody does, see `none`. */
  readonly endpoint?: string;
  readonly none?: NoneReason;
  /** What holds for the whole pool now: panic, guards that are ignored. */
  readonly notes: readonly string[];
  /** In the order they joined. */
  readonly endpoints: readonly EndpointExplanation[];
}

export interface EndpointExplanation {
  readonly id: string;
  /** All slow verdicts together: mode, weight, address, health, ejection, breaker. */
  readonly eligible: boolean;
  /** Why this request cannot get it; empty: it could. */
  readonly reasons: readonly string[];
  readonly backup: boolean;
  readonly zone?: string;
  readonly role?: Role;
  /** As configured, or set at run time; and what the policy counts it as. */
  readonly weight: number;
  readonly effectiveWeight: number;
  /** In cost units. */
  readonly inFlight: number;
  /** Absent without a limit. */
  readonly maxConnections?: number;
  /** The numbers by which the policy judges it for this request; empty where it goes by none. */
  readonly policy: Readonly<Record<string, number | string>>;
}

interface Parts {
  readonly roster: Roster;
  readonly counts: PickCounts;
  readonly backups: Group;
  readonly tried: Tried | null;
  readonly role: Role | null;
  /** Null: nobody is to be avoided. */
  readonly avoid: Avoid | null;
  readonly none: NoneReason | undefined;
}

/** `slot`: what was picked, −1: nothing. A policy's numbers may draw. */
export function explainPick(slot: number, request: PickRequest, occupants: Occupants, parts: Parts): PickExplanation {
  const picked = occupants.at(slot);
  const endpoints = [...occupants.members()].map((each) => explainEndpoint(each, request, parts, picked));
  return {
    ...(picked !== undefined && { endpoint: picked.id }),
    ...(parts.none !== undefined && { none: parts.none }),
    notes: notesOf(parts.roster),
    endpoints,
  };
}

function notesOf({ verdicts }: Roster): string[] {
  const notes: string[] = [];
  if (verdicts.panicking) notes.push('panic: too few endpoints pass their checks, so checks are not believed');
  if (verdicts.lifted) notes.push('breakers and ejections are ignored: they would leave nobody');
  return notes;
}

function explainEndpoint(
  occupant: Occupant,
  request: PickRequest,
  parts: Parts,
  picked: Occupant | undefined,
): EndpointExplanation {
  const { slot, id, eligible, group, endpoint, weight, maxConnections } = occupant;
  const { counts, roster, backups } = parts;
  const role = roster.roles.of(slot);
  // The picked one has none: half-open with every probe under way, it is taken where nobody else is left.
  const unfit = eligible && picked !== occupant ? unfitReasons(occupant, parts) : [];
  const reasons = eligible ? unfit : ineligibleReasons(occupant, roster);
  if (reasons.length === 0 && group === backups && picked !== undefined && picked.group !== backups) {
    reasons.push('is a backup, and a primary can serve');
  }
  return {
    ...{ id, eligible, reasons, backup: group === backups },
    ...(endpoint.zone !== undefined && { zone: endpoint.zone }),
    ...(role !== undefined && { role }),
    ...{ weight, effectiveWeight: endpoint.weight, inFlight: counts.of(slot) },
    ...(maxConnections !== Number.POSITIVE_INFINITY && { maxConnections }),
    policy: group.policy.explain?.(slot, request) ?? {},
  };
}

/** Why nobody gets it; at least one reason. */
function ineligibleReasons({ slot, mode, weight, addresses, ...verdicts }: Occupant, { guards }: Roster): string[] {
  const reasons: string[] = [];
  if (mode !== 'ready') reasons.push(`mode is ${mode}`);
  if (weight === 0) reasons.push('weight is 0');
  if (addresses.length === 0) reasons.push('its name has no address');
  if (!verdicts.healthy) reasons.push('its checks say down');
  if (verdicts.breaker === 'open') {
    reasons.push(`circuit breaker is open${forMore(guards?.breaker?.openForMs(slot))}`);
  }
  if (verdicts.ejected) reasons.push(`ejected${forMore(guards?.outliers?.ejectedForMs(slot))}`);
  return reasons;
}

/** `, for 2.5 s more`; empty for 0. */
export const forMore = (ms = 0): string => (ms > 0 ? `, for ${Math.ceil(ms / 100) / 10} s more` : '');

/** Why this request does not get it. */
function unfitReasons(
  { slot, maxConnections, breaker }: Occupant,
  { counts, roster, tried, role, avoid }: Parts,
): string[] {
  if (avoid?.has(slot) !== true) return [];
  const reasons: string[] = [];
  const own = roster.roles.of(slot);
  if (role !== null && own !== role) reasons.push(`its role is ${own ?? 'not known'}, and only a ${role} will do`);
  const requests = counts.requestsOf(slot);
  if (requests >= maxConnections) reasons.push(`at its limit: ${requests} of ${maxConnections}`);
  if (tried?.has(slot)) reasons.push('was tried before');
  if (reasons.length === 0 && breaker === 'half-open') {
    reasons.push('circuit breaker is half-open, and every probe is under way');
  }
  return reasons;
}
