import type { Clock } from './clock.ts';
import type { Endpoint, Location } from './endpoint.ts';
import type { Outcome } from './outcome.ts';
import type { Rng } from './rng.ts';

/** What a policy may know of the request it decides for. Callers on a hot path reuse one mutable object. */
export interface PickRequest {
  /** The affinity key of hashing policies; empty: they use `clientIp`. */
  key: string;
  /** The client's address in text; empty when there is none. */
  clientIp: string;
  /** The failure domain the request comes from; empty: the policy's own. */
  zone: string;
  /** What the request weighs in flight, > 0; 1 where nothing is measured. */
  cost: number;
  /**
   * Which of the key's places is meant: 0 is its own, k > 0 the k-th alternative, an independent hash of the same key.
   * Hashing policies mix it in; wrappers that spread an overloaded key count it up.
   */
  jump: number;
}

/** An empty request of cost 1: every field present, so that all requests share a shape. */
export function createPickRequest(): PickRequest {
  return { key: '', clientIp: '', zone: '', cost: 1, jump: 0 };
}

/**
 * What flips per request: endpoints already tried, limits, half-open slots. `null` instead of an `Avoid` means that
 * nothing is to be avoided, which is the fast path.
 */
export interface Avoid {
  has(slot: number): boolean;
}

/**
 * Requests (for http) or connections (for tcp) that have no outcome yet, by slot, in cost units. The picker writes,
 * policies read: it adds the request's cost after a pick was taken and subtracts it before `done`.
 */
export interface InFlight {
  of(slot: number): number;
  /** Over all slots, those of endpoints that left included. */
  total(): number;
}

/** What a policy is made with: time, chance, the counts it may read, and what its process knows. */
export interface PolicyDeps {
  readonly rng: Rng;
  readonly clock: Clock;
  readonly inFlight: InFlight;
  /**
   * One word in which `round-robin` keeps its place; over shared memory the workers take turns together.
   * Absent: a place of its own.
   */
  readonly cursor?: Int32Array;
  /** The failure domain this process runs in. */
  readonly zone?: string;
  /** Where a client is; undefined when the address is not known. Allocates nothing that lives on. */
  readonly locate?: (clientIp: string) => Location | undefined;
  /** For a policy that wraps another: makes a new instance of the wrapped one, with the same clock, chance and counts. */
  readonly wrapped?: () => Policy;
}

/**
 * The algorithm that picks an endpoint. `pick` and `done` allocate nothing. A policy holds no timer and does no I/O.
 *
 * `update` brings the members whenever membership or weights changed; members start eligible unless the picker says
 * otherwise by `setEligible`, and the eligibility of members that stay is kept. What was learned of endpoints that
 * stay (same slot and id) is kept as well.
 */
export interface Policy {
  update(members: readonly Endpoint[]): void;
  /** A slow verdict flipped: mode, health, ejection, breaker. An event, never computed per pick. */
  setEligible(slot: number, eligible: boolean): void;
  /** The slot that should serve, or −1 when no member is eligible and not avoided. The caller takes what it returns. */
  pick(request: PickRequest, avoid: Avoid | null): number;
  /** How a taken pick ended. Called exactly once per pick, also after the endpoint left. */
  done(slot: number, outcome: Outcome): void;
  /**
   * Remembers what a pick changes; the result brings it back, as if none had been made meanwhile. Nobody else sees the
   * picks in between: what is shared with other threads stays as it is. For dry runs, see `previewPick`: it may allocate.
   * Absent: a pick changes nothing but chance.
   */
  save?(): () => void;
  /** Up to `count` different slots in order of preference for `key`; only policies with a meaningful order have it. */
  pickMany?(request: PickRequest, count: number): number[];
  /**
   * The numbers by which this policy judges `slot` for `request`, and reasons in words: for people. It changes nothing,
   * draws nothing, and may allocate.
   */
  explain?(slot: number, request: PickRequest): Readonly<Record<string, number | string>>;
}

/** One algorithm: its type tag (the file's name) and how to make one. The option schema is a separate export. */
export interface PolicyDefinition<T extends string = string, O = never> {
  readonly type: T;
  readonly create: (options: O, deps: PolicyDeps) => Policy;
  /** Present: its options name another policy as `policy`, and it receives `wrapped`. The type taken when they don't. */
  readonly wraps?: string;
  /** True: its `done` makes use of `outcome.report`; absent: nobody need read what endpoints report. */
  readonly readsReports?: boolean;
  /** True: weights above 0 are all the same to it; absent: they decide how much an endpoint gets. */
  readonly ignoresWeights?: boolean;
}
