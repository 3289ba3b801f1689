/**
 * Resolves host names, and again when their TTL ends.
 *
 * Source  A and AAAA records; a name without any (`localhost`, a name of the hosts file) by the system's look-up, which
 *         knows no TTL: 30 s. TTLs are kept within 1 s and 1 h.
 * Order   IPv4 before IPv6. Addresses that stay keep their place, so that rotated answers change nothing.
 * Errors  one family's failure keeps its addresses while the other answers; a failure of both keeps all
 *         and is told to the watchers; the next try comes after 1 s, then twice as late each time up to 30 s.
 */
import type { Scheduled, Scheduler } from '../membership/scheduler.ts';

export interface Resolver {
  /** Calls `listener` after the first answer, which may be a failure, and then whenever something changed. */
  watch(host: string, listener: (resolution: Resolution) => void): Watch;
  close(): void;
}

export interface Watch {
  stop(): void;
}

export interface Resolution {
  /** IP addresses; empty when none was ever found. */
  readonly addresses: readonly string[];
  /** Why the last try failed; absent when it did not. */
  readonly failure?: string;
}

/** One family's records. Rejects when they cannot be had; a name without records resolves to []. */
export interface Lookups {
  resolve4(host: string): Promise<readonly AddressRecord[]>;
  resolve6(host: string): Promise<readonly AddressRecord[]>;
  /** The system's own way, hosts file included. */
  lookup(host: string): Promise<readonly string[]>;
}

export interface AddressRecord {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

interface Answer {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
}

const NO_RECORDS = new Set(['ENODATA', 'ENOTFOUND']);
const LOOKUP_TTL_MS = 30_000;
const SHORTEST_TTL_MS = 1000;
const LONGEST_TTL_MS = 3_600_000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

export function createResolver({ scheduler, lookups }: { scheduler: Scheduler; lookups: Lookups }): Resolver {
  const names = new Map<string, WatchedName>();

  return {
    watch(host, listener) {
      let name = names.get(host);
      if (name === undefined) {
        name = new WatchedName(host, lookups, scheduler);
        names.set(host, name);
      }
      const watched = name;
      watched.add(listener);
      return {
        stop() {
          if (watched.remove(listener) === 0 && names.get(host) === watched) names.delete(host);
        },
      };
    },
    close() {
      for (const name of names.values()) name.stop();
      names.clear();
    },
  };
}

/** One name for all who watch it. */
class WatchedName {
  readonly #host: string;
  readonly #lookups: Lookups;
  readonly #scheduler: Scheduler;
  readonly #listeners = new Set<(resolution: Resolution) => void>();
  #resolution: Resolution | undefined;
  #next: Scheduled | undefined;
  #retryMs = FIRST_RETRY_MS;
  #stopped = false;

  constructor(host: string, lookups: Lookups, scheduler: Scheduler) {
    this.#host = host;
    this.#lookups = lookups;
    this.#scheduler = scheduler;
    void this.#resolve();
  }

  add(listener: (resolution: Resolution) => void): void {
    this.#listeners.add(listener);
    if (this.#resolution !== undefined) listener(this.#resolution);
  }

  /** How many still watch; at 0 it has stopped. */
  remove(listener: (resolution: Resolution) => void): number {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.stop();
    return this.#listeners.size;
  }

  stop(): void {
    this.#stopped = true;
    this.#next?.cancel();
  }

  async #resolve(): Promise<void> {
    const known = this.#resolution?.addresses ?? [];
    const answer = await resolveName(this.#host, this.#lookups, known).catch((error: unknown) => reasonOf(error));
    if (this.#stopped) return;
    if (typeof answer === 'string') {
      this.#again(this.#retryMs);
      this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
      this.#tell({ addresses: known, failure: answer });
    } else {
      this.#again(Math.min(Math.max(answer.ttlMs, SHORTEST_TTL_MS), LONGEST_TTL_MS));
      this.#retryMs = FIRST_RETRY_MS;
      this.#tell({ addresses: stayingFirst(known, answer.addresses) });
    }
  }

  #again(ms: number): void {
    this.#next = this.#scheduler.after(ms, () => void this.#resolve());
  }

  #tell(resolution: Resolution): void {
    const before = this.#resolution;
    this.#resolution = resolution;
    const same = before?.failure === resolution.failure && before?.addresses.join() === resolution.addresses.join();
    if (before !== undefined && same) return;
    for (const listener of [...this.#listeners]) listener(resolution);
  }
}

async function resolveName(host: string, lookups: Lookups, known: readonly string[]): Promise<Answer> {
  // RFC 6761, section 6.3: these names never go to a name server.
  if (host !== 'localhost' && !host.endsWith('.localhost')) {
    const [v4, v6] = await Promise.allSettled([lookups.resolve4(host), lookups.resolve6(host)]);
    const records = [...recordsOf(v4), ...recordsOf(v6)];
    if (records.length > 0) {
      const kept = known.filter((each) => isUnanswered(each.includes(':') ? v6 : v4));
      const ttlMs = 1000 * Math.min(...records.map((each) => each.ttl));
      return { addresses: [...records.map((each) => each.address), ...kept], ttlMs };
    }
  }
  const addresses = await lookups.lookup(host);
  if (addresses.length === 0) throw new Error('no address');
  return { addresses, ttlMs: LOOKUP_TTL_MS };
}

function recordsOf(family: PromiseSettledResult<readonly AddressRecord[]>): readonly AddressRecord[] {
  return family.status === 'fulfilled' ? family.value : [];
}

/** The name server failed, as opposed to saying that there are no records. */
function isUnanswered(family: PromiseSettledResult<unknown>): boolean {
  return family.status === 'rejected' && !NO_RECORDS.has(reasonOf(family.reason));
}

function stayingFirst(known: readonly string[], found: readonly string[]): readonly string[] {
  const unique = [...new Set(found)];
  return [...known.filter((each) => unique.includes(each)), ...unique.filter((each) => !known.includes(each))];
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
