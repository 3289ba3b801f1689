import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';
import type { Clock } from '../../core/kernel/clock.ts';

/** Tells every address of a name. */
export type Lookup = (host: string, found: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

/** What the system says has no time to live. */
const FRESH_MS = 60_000;
/** After a look-up that failed, or an address that was of no use. */
const AGAIN_MS = 1000;

const lookupAll: Lookup = (host, found) =>
  systemLookup(host, { all: true }, (error, addresses) => found(error, error === null ? addresses : []));

/**
 * The address of a host that may be a name: looked up on first use, and again when it is a minute old or was of no use. A known
 * one is used until there is another. IPv4 comes first: many a daemon for logs listens to nothing else.
 */
export class HostAddress {
  readonly #host: string;
  readonly #clock: Clock;
  readonly #lookup: Lookup;
  readonly #waiting: ((error: Error | null, ip: string) => void)[] = [];
  /** Empty: unknown. */
  #ip: string;
  #error: Error | null = null;
  #dueMs = Number.NEGATIVE_INFINITY;
  #askedMs = 0;
  #isAsking = false;

  constructor(host: string, clock: Clock, lookup: Lookup = lookupAll) {
    this.#host = host;
    this.#clock = clock;
    this.#lookup = lookup;
    this.#ip = isIP(host) === 0 ? '' : host;
  }

  /** Tells the address at once where one is known; otherwise after the look-up that is under way, with its error if it failed. */
  resolve(found: (error: Error | null, ip: string) => void): void {
    if (this.#ip !== this.#host && !this.#isAsking && this.#clock.now() >= this.#dueMs) this.#ask();
    if (this.#ip !== '') found(null, this.#ip);
    else if (this.#isAsking) this.#waiting.push(found);
    else found(this.#error, '');
  }

  /** What was found last is of no use. */
  doubt(): void {
    this.#dueMs = Math.min(this.#dueMs, this.#askedMs + AGAIN_MS);
  }

  #ask(): void {
    this.#isAsking = true;
    this.#askedMs = this.#clock.now();
    this.#lookup(this.#host, (error, addresses) => this.#answered(error, addresses));
  }

  #answered(error: Error | null, addresses: readonly LookupAddress[]): void {
    const found = addresses.find(({ family }) => family === 4) ?? addresses[0];
    this.#isAsking = false;
    this.#dueMs = this.#clock.now() + (found === undefined ? AGAIN_MS : FRESH_MS);
    if (found === undefined) this.#error = error ?? new Error(`${this.#host} has no address`);
    else {
      this.#error = null;
      this.#ip = found.address;
    }
    for (const each of this.#waiting.splice(0)) each(this.#error, this.#ip);
  }
}
