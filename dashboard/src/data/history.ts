import type { OverviewWire } from '../../../src/admin/wire.ts';
import { addedSteps, quantile, type Steps } from './latency.ts';
import { type Totals, totalsOf } from './totals.ts';
import type { Tone } from './verdict.ts';

/** Kept for the charts: five minutes at a look a second. */
const CAPACITY = 300;
/** Rates, latencies and failures are those of the last 10 s. */
const RATE_WINDOW_S = 10;
/** What is drawn one by one is chosen by the last 60, so that it seldom changes. */
const RECENT_WINDOW_S = 60;
/** A second holds too few requests for a percentile, so a point of the chart has this many. */
const POINT_WINDOW = 5;
/** A gap between looks that a line is not drawn across. */
const GAP_S = 5;
/** The start is told by two clocks, which may drift. */
const RESTART_MS = 2000;

type Value = number | null;

/** One thing over time; every list has an item a look, the newest last. */
export class Track {
  readonly requests: Value[];
  readonly failed: Value[];
  readonly rate: Value[];
  readonly failures: Value[];
  readonly p50: Value[];
  readonly p90: Value[];
  readonly p99: Value[];
  readonly inFlight: Value[];
  /** How an endpoint was; of other things null. */
  readonly tones: (Tone | null)[];
  /** Of the last looks only. */
  readonly steps: Steps[] = [];

  /** `age`: looks before this one, in which it was not there. */
  constructor(age: number) {
    const nothing = () => new Array<null>(age).fill(null);
    this.requests = nothing();
    this.failed = nothing();
    this.rate = nothing();
    this.failures = nothing();
    this.p50 = nothing();
    this.p90 = nothing();
    this.p99 = nothing();
    this.inFlight = nothing();
    this.tones = nothing();
  }

  get series(): readonly { shift(): unknown }[] {
    const { requests, failed, rate, failures, p50, p90, p99, inFlight, tones } = this;
    return [requests, failed, rate, failures, p50, p90, p99, inFlight, tones];
  }
}

/** What one thing does now. */
export interface Now {
  readonly perSecond: number;
  readonly failedPerSecond: number;
  /** Of the requests, 0..1. */
  readonly failedShare: number;
  readonly p50: Value;
  readonly p90: Value;
  readonly p99: Value;
}

/** Turns looks at counts into rates and percentiles over time. */
export class History {
  /** Seconds since 1970, by the server's clock. */
  readonly times: number[] = [];
  readonly #tracks = new Map<string, Track>();
  #startedAt = 0;
  #bounds: readonly number[] = [];

  add(overview: OverviewWire): void {
    if (Math.abs(overview.startedAt - this.#startedAt) > RESTART_MS) this.#clear();
    this.#startedAt = overview.startedAt;
    this.#bounds = overview.latencyBoundsMs;
    const at = overview.at / 1000;
    if (at <= (this.times.at(-1) ?? 0)) return;
    const totals = totalsOf(overview);
    for (const key of this.#tracks.keys()) if (!totals.has(key)) this.#tracks.delete(key);
    for (const [key, each] of totals) this.#extend(key, each, at);
    this.times.push(at);
    if (this.times.length > CAPACITY) this.#forgetOldest();
  }

  track(key: string): Track | undefined {
    return this.#tracks.get(key);
  }

  now(key: string): Now {
    const track = this.#tracks.get(key);
    const from = this.#indexAgo(RATE_WINDOW_S);
    const seconds = (this.times.at(-1) ?? 0) - (this.times[from] ?? 0);
    const requests = this.#rise(track?.requests, from);
    const failed = this.#rise(track?.failed, from);
    const steps = added(track, RATE_WINDOW_S);
    return {
      perSecond: seconds > 0 ? requests / seconds : 0,
      failedPerSecond: seconds > 0 ? failed / seconds : 0,
      failedShare: requests > 0 ? Math.min(1, failed / requests) : failed > 0 ? 1 : 0,
      p50: quantile(steps, this.#bounds, 0.5),
      p90: quantile(steps, this.#bounds, 0.9),
      p99: quantile(steps, this.#bounds, 0.99),
    };
  }

  /** Requests of the last minute. */
  recent(key: string): number {
    return this.#rise(this.#tracks.get(key)?.requests, this.#indexAgo(RECENT_WINDOW_S));
  }

  #extend(key: string, { requests, failed, steps, inFlight, tone }: Totals, at: number): void {
    const track = this.#tracks.get(key) ?? new Track(this.times.length);
    this.#tracks.set(key, track);
    const seconds = at - (this.times.at(-1) ?? at);
    const [beforeRequests, beforeFailed] = [track.requests.at(-1) ?? null, track.failed.at(-1) ?? null];
    const perSecond = (after: number, before: Value): Value =>
      before === null || seconds <= 0 || seconds > GAP_S ? null : Math.max(0, after - before) / seconds;
    track.steps.push(steps);
    if (track.steps.length > RATE_WINDOW_S + 1) track.steps.shift();
    const recent = added(track, POINT_WINDOW);
    track.requests.push(requests);
    track.failed.push(failed);
    track.inFlight.push(inFlight);
    track.tones.push(tone);
    track.rate.push(perSecond(requests, beforeRequests));
    track.failures.push(perSecond(failed, beforeFailed));
    track.p50.push(quantile(recent, this.#bounds, 0.5));
    track.p90.push(quantile(recent, this.#bounds, 0.9));
    track.p99.push(quantile(recent, this.#bounds, 0.99));
  }

  #indexAgo(seconds: number): number {
    const since = (this.times.at(-1) ?? 0) - seconds - 0.5;
    return Math.max(
      0,
      this.times.findIndex((each) => each >= since),
    );
  }

  #rise(values: readonly Value[] | undefined, from: number): number {
    if (values === undefined) return 0;
    // One that came later had nothing before.
    const before = values.slice(from).find((each) => each !== null);
    return Math.max(0, (values.at(-1) ?? 0) - (before ?? 0));
  }

  #forgetOldest(): void {
    this.times.shift();
    for (const track of this.#tracks.values()) for (const values of track.series) values.shift();
  }

  #clear(): void {
    this.times.length = 0;
    this.#tracks.clear();
  }
}

/** What was counted in the last `looks` looks. */
function added(track: Track | undefined, looks: number): Steps {
  const steps = track?.steps ?? [];
  const after = steps.at(-1);
  const before = steps[Math.max(0, steps.length - 1 - looks)];
  return after === undefined || before === undefined ? { first: 0, counts: [] } : addedSteps(after, before);
}
