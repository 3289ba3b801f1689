import { closeSync, openSync, readFileSync } from 'node:fs';

/** Assumed where the limit cannot be read: the usual soft limit of macOS and of old Linux distributions is 256 to 1024. */
export const FALLBACK_DESCRIPTOR_LIMIT = 1024;

/**
 * The soft limit of open file descriptors (RLIMIT_NOFILE), read from /proc/self/limits.
 * Elsewhere than on Linux `FALLBACK_DESCRIPTOR_LIMIT`; `unlimited` gives Infinity.
 */
export function descriptorLimit(limitsFile = '/proc/self/limits'): number {
  let text: string;
  try {
    text = readFileSync(limitsFile, 'latin1');
  } catch {
    return FALLBACK_DESCRIPTOR_LIMIT;
  }
  const soft = /^Max open files\s+(\S+)/m.exec(text)?.[1];
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  const limit = Number(soft);
  return Number.isInteger(limit) && limit > 0 ? limit : FALLBACK_DESCRIPTOR_LIMIT;
}

/** True when the process (or the system) has no descriptor left at this moment: two system calls. */
export function descriptorsExhausted(): boolean {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'EMFILE' || code === 'ENFILE';
  }
}

export interface DescriptorBudgetOptions {
  /** Descriptors that the process may have. Default `descriptorLimit()`. */
  readonly limit?: number;
  /** Kept for listeners, files, checks and the admin server. Default 64, at most half of the limit. */
  readonly reserve?: number;
}

/** Counts the connections of clients and to endpoints, so that their sum stays below the descriptor limit. */
export interface DescriptorBudget {
  readonly capacity: number;
  readonly used: number;
  /** Takes one; false when none is left, and then nothing is to be released. */
  tryTake(): boolean;
  /** Gives back one that was taken. */
  release(): void;
  /** As `tryTake`, for a client: clients get two thirds at most, since an idle one must not keep another from an endpoint. */
  tryTakeForClient(): boolean;
  releaseForClient(): void;
}

const DEFAULT_RESERVE = 64;
/** What clients get of it at most. */
export const CLIENT_SHARE = 2 / 3;

export function createDescriptorBudget(options: DescriptorBudgetOptions = {}): DescriptorBudget {
  const limit = options.limit ?? descriptorLimit();
  // A tiny limit must leave something to serve with.
  const reserve = options.reserve ?? Math.min(DEFAULT_RESERVE, Math.floor(limit / 2));
  const capacity = Math.max(0, limit - reserve);
  let used = 0;
  let clients = 0;
  const tryTake = (): boolean => {
    if (used >= capacity) return false;
    used++;
    return true;
  };
  const release = (): void => {
    // Never below zero: a release too many must not widen the budget.
    if (used > 0) used--;
  };
  return {
    capacity,
    get used() {
      return used;
    },
    tryTake,
    release,
    tryTakeForClient() {
      if (clients >= capacity * CLIENT_SHARE || !tryTake()) return false;
      clients++;
      return true;
    },
    releaseForClient() {
      if (clients > 0) clients--;
      release();
    },
  };
}
