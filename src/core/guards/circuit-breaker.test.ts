import { describe, expect, test } from 'vitest';
import type { Rng } from '../kernel/rng.ts';
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts';
import { checkWalks } from '../testing/random-walk.ts';
import { type BreakerState, CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts';

const OPTIONS: CircuitBreakerOptions = { failures: 3, openForMs: 1000 };

function setUp(options = OPTIONS, clock = fakeClock(), epochMs = 0) {
  const heard: string[] = [];
  const listener = (slot: number, state: BreakerState, untilMs: number) => {
    heard.push(`${slot} ${state}${untilMs < 0 ? '' : ` ${untilMs}`}`);
  };
  return { breaker: new CircuitBreaker(options, { clock, listener, epochMs }), clock, heard };
}

function fail(breaker: CircuitBreaker, slot: number, times: number): void {
  for (let i = 0; i < times; i++) breaker.done(slot, false, breaker.start(slot));
}

function wait(breaker: CircuitBreaker, clock: FakeClock, ms: number): void {
  clock.advance(ms);
  breaker.advance(clock.now());
}

describe('CircuitBreaker', () => {
  /** f and s: a pick fails, succeeds; n: it says nothing; digits: that many hundred ms pass. */
  test.each([
    { why: 'fewer failures than the limit', events: 'ff', want: [] },
    { why: 'the last of them opens it', events: 'fff', want: ['7 open 1000'] },
    { why: 'a success between forgives', events: 'ffsff', want: [] },
    { why: 'a pick that says nothing does not', events: 'ffnf', want: ['7 open 1000'] },
    { why: 'its time is not over', events: 'fff9', want: ['7 open 1000'] },
    { why: 'its time is over', events: 'fff91', want: ['7 open 1000', '7 half-open'] },
    { why: 'a success closes it', events: 'fff91s', want: ['7 open 1000', '7 half-open', '7 closed'] },
    { why: 'a failure opens it again', events: 'fff91f', want: ['7 open 1000', '7 half-open', '7 open 2000'] },
    { why: 'nothing said changes nothing', events: 'fff91nn', want: ['7 open 1000', '7 half-open'] },
    { why: 'closed, it counts from 0', events: 'fff91sff', want: ['7 open 1000', '7 half-open', '7 closed'] },
    { why: 'tried anyway and served: closed', events: 'fffs', want: ['7 open 1000', '7 closed'] },
    { why: 'tried anyway in vain: as long as before', events: 'fff5f', want: ['7 open 1000'] },
  ])('$why', ({ events, want }) => {
    const { breaker, clock, heard } = setUp();
    for (const event of events) {
      if (event >= '0' && event <= '9') wait(breaker, clock, Number(event) * 100);
      else if (event === 'n') breaker.neutral(7, breaker.start(7));
      else breaker.done(7, event === 's', breaker.start(7));
    }
    expect(heard).toEqual(want);
    expect(breaker.stateOf(6)).toBe('closed');
  });

  test.each([
    { growth: 1, maxOpenForMs: 5000, want: [1000, 1000, 1000, 1000] },
    { growth: 2, maxOpenForMs: 5000, want: [1000, 2000, 4000, 5000] },
    { growth: 1.5, maxOpenForMs: 2000, want: [1000, 1500, 2000, 2000] },
  ])('open in a row: growth $growth, at most $maxOpenForMs ms', ({ growth, maxOpenForMs, want }) => {
    const { breaker, clock } = setUp({ ...OPTIONS, growth, maxOpenForMs });
    const times = want.map(() => {
      fail(breaker, 0, breaker.stateOf(0) === 'closed' ? 3 : 1);
      const openForMs = breaker.nextDueMs - clock.now();
      wait(breaker, clock, openForMs);
      return openForMs;
    });
    expect(times).toEqual(want);
    breaker.done(0, true, breaker.start(0));
    fail(breaker, 0, 3);
    expect(breaker.nextDueMs - clock.now()).toBe(1000);
  });

  test('half-open admits its probes and no more; one that says nothing makes room', () => {
    const { breaker, clock } = setUp({ ...OPTIONS, halfOpen: 2 });
    fail(breaker, 1, 3);
    expect(breaker.admits(1)).toBe(false);
    wait(breaker, clock, 1000);
    const first = breaker.start(1);
    expect(breaker.admits(1)).toBe(true);
    breaker.start(1);
    expect(breaker.admits(1)).toBe(false);
    breaker.neutral(1, breaker.start(1));
    expect(breaker.admits(1)).toBe(false);
    breaker.neutral(1, first);
    expect(breaker.admits(1)).toBe(true);
    expect(breaker.stateOf(1)).toBe('half-open');
  });

  test('a pick that began before the breaker opened is old news', () => {
    const { breaker, clock, heard } = setUp();
    const [slow, slower] = [breaker.start(0), breaker.start(0)];
    fail(breaker, 0, 3);
    breaker.done(0, true, slow);
    wait(breaker, clock, 1000);
    breaker.start(0);
    breaker.done(0, false, slower);
    expect(breaker.stateOf(0)).toBe('half-open');
    expect(breaker.admits(0)).toBe(false);
    expect(heard).toEqual(['0 open 1000', '0 half-open']);
  });

  test('without tickets: judged by the present state, ignored while open or when no probe is under way', () => {
    const { breaker, clock } = setUp();
    for (let i = 0; i < 3; i++) breaker.done(0, false);
    breaker.done(0, true);
    expect(breaker.stateOf(0)).toBe('open');
    wait(breaker, clock, 1000);
    breaker.neutral(0);
    breaker.done(0, false);
    expect(breaker.stateOf(0)).toBe('half-open');
    breaker.start(0);
    breaker.neutral(0);
    expect(breaker.admits(0)).toBe(true);
    breaker.start(0);
    breaker.done(0, true);
    expect(breaker.stateOf(0)).toBe('closed');
  });

  test('the open are counted, the earliest is due, a forgotten one is closed and not told of', () => {
    const { breaker, clock, heard } = setUp();
    expect(breaker.nextDueMs).toBe(Number.POSITIVE_INFINITY);
    fail(breaker, 40, 3);
    clock.advance(300);
    fail(breaker, 2, 3);
    expect([breaker.openCount, breaker.nextDueMs]).toEqual([2, 1000]);
    breaker.forget(40);
    expect([breaker.openCount, breaker.stateOf(40)]).toEqual([1, 'closed']);
    wait(breaker, clock, 700);
    expect([breaker.openCount, breaker.nextDueMs]).toEqual([1, 1300]);
    wait(breaker, clock, 300);
    expect([breaker.openCount, breaker.nextDueMs]).toEqual([0, Number.POSITIVE_INFINITY]);
    expect(heard).toEqual(['40 open 1000', '2 open 1300', '2 half-open']);
  });

  test('never opens early on a clock with fractions', () => {
    const { breaker, clock } = setUp(OPTIONS, fakeClock(0.75), 0.5);
    fail(breaker, 0, 3);
    expect(breaker.nextDueMs).toBeGreaterThanOrEqual(1000.75);
    expect(breaker.nextDueMs).toBeLessThan(1001.75);
    wait(breaker, clock, 999.9);
    expect(breaker.stateOf(0)).toBe('open');
    wait(breaker, clock, 1);
    expect(breaker.stateOf(0)).toBe('half-open');
  });

  test.each([
    { why: 'over the end of the word', startMs: 2 ** 31 - 500, pauseMs: 1000 },
    { why: 'over the end of twice the word', startMs: 2 ** 32 - 500, pauseMs: 1000 },
    { why: 'nobody asked for 30 days', startMs: 0, pauseMs: 30 * 86_400_000 },
  ])('milliseconds in 32 bits: $why', ({ startMs, pauseMs }) => {
    const { breaker, clock } = setUp(OPTIONS, fakeClock(startMs));
    fail(breaker, 0, 3);
    expect(breaker.nextDueMs).toBe(startMs + 1000);
    wait(breaker, clock, 999);
    breaker.refresh(clock.now());
    expect(breaker.stateOf(0)).toBe('open');
    wait(breaker, clock, pauseMs - 999);
    expect(breaker.stateOf(0)).toBe('half-open');
  });

  test.each([
    { options: { failures: 0 }, says: 'failures is 0, not 1 to 1023' },
    { options: { failures: 1024 }, says: 'failures is 1024' },
    { options: { halfOpen: 64 }, says: 'halfOpen is 64, not 1 to 63' },
    { options: { openForMs: Number.NaN }, says: 'openForMs is NaN' },
    { options: { openForMs: 20, maxOpenForMs: 10 }, says: 'maxOpenForMs is 10, not 20' },
  ])('refuses $options', ({ options, says }) => {
    expect(() => setUp(options)).toThrow(says);
  });

  test('agrees with a naive model, and never has more probes under way than it admits', () => {
    checkWalks((rng, steps) => {
      const walk = new Walk(rng);
      for (let i = 0; i < steps; i++) walk.step();
    });
  });
});

interface UnderWay {
  readonly slot: number;
  readonly ticket: number;
  readonly era: number;
  readonly probe: boolean;
}

/** What a breaker is, written down the long way. */
interface Model {
  state: BreakerState;
  era: number;
  failures: number;
  openings: number;
  reopenMs: number;
}

const SLOTS = 3;

class Walk {
  readonly rng: Rng;
  readonly clock = fakeClock();
  readonly halfOpen: number;
  readonly breaker: CircuitBreaker;
  readonly heard: BreakerState[] = new Array<BreakerState>(SLOTS).fill('closed');
  readonly models: Model[] = Array.from({ length: SLOTS }, closedModel);
  underWay: UnderWay[] = [];

  constructor(rng: Rng) {
    this.rng = rng;
    this.halfOpen = 1 + rng.below(3);
    const listener = (slot: number, state: BreakerState) => {
      if (this.heard[slot] === state) throw new Error(`told ${state} twice`);
      this.heard[slot] = state;
    };
    const options = { failures: 2, openForMs: 10, halfOpen: this.halfOpen, growth: 2, maxOpenForMs: 40 };
    this.breaker = new CircuitBreaker(options, { clock: this.clock, listener });
  }

  step(): void {
    const kind = this.rng.below(16);
    const slot = this.rng.below(SLOTS);
    if (kind < 7) this.start(slot, kind === 0);
    else if (kind < 14 && this.underWay.length > 0) this.finish(this.rng.below(this.underWay.length));
    else if (kind === 15) this.forget(slot);
    else this.wait(this.rng.below(8));
    this.compare(slot);
  }

  start(slot: number, anyway: boolean): void {
    const model = this.models[slot]!;
    if (!this.breaker.admits(slot) && !anyway) return;
    const probe = model.state === 'half-open' && this.probesOf(slot) < this.halfOpen;
    this.underWay.push({ slot, ticket: this.breaker.start(slot), era: model.era, probe });
  }

  finish(index: number): void {
    const [pick] = this.underWay.splice(index, 1) as [UnderWay];
    const verdict = this.rng.below(4);
    if (verdict === 3) {
      this.breaker.neutral(pick.slot, pick.ticket);
      return;
    }
    this.breaker.done(pick.slot, verdict === 0, pick.ticket);
    const model = this.models[pick.slot]!;
    // Eras are told apart modulo 256; a walk whose picks live that long would be right to differ.
    if (pick.era !== model.era) return;
    if (verdict === 0) this.succeed(model);
    else if (model.state === 'half-open' || (model.state === 'closed' && ++model.failures === 2)) this.open(model);
  }

  succeed(model: Model): void {
    if (model.state !== 'closed') Object.assign(model, closedModel(), { era: model.era + 1 });
    model.failures = 0;
  }

  open(model: Model): void {
    const openings = model.openings + 1;
    const reopenMs = this.clock.now() + Math.min(10 * 2 ** (openings - 1), 40);
    Object.assign(model, { state: 'open', failures: 0, era: model.era + 1, openings, reopenMs });
  }

  wait(ms: number): void {
    this.clock.advance(ms);
    this.breaker.advance(this.clock.now());
    for (const model of this.models) {
      if (model.state !== 'open' || this.clock.now() < model.reopenMs) continue;
      Object.assign(model, { state: 'half-open', era: model.era + 1 });
    }
  }

  forget(slot: number): void {
    if (this.underWay.some((each) => each.slot === slot)) return;
    this.breaker.forget(slot);
    this.models[slot] = { ...closedModel(), era: this.models[slot]!.era + 1 };
    this.heard[slot] = 'closed';
  }

  probesOf(slot: number): number {
    const { era } = this.models[slot]!;
    return this.underWay.reduce((sum, each) => sum + (each.slot === slot && each.probe && each.era === era ? 1 : 0), 0);
  }

  compare(slot: number): void {
    const model = this.models[slot]!;
    const probes = this.probesOf(slot);
    const admits = model.state === 'closed' || (model.state === 'half-open' && probes < this.halfOpen);
    const open = this.models.filter((each) => each.state === 'open');
    const isRight =
      this.breaker.stateOf(slot) === model.state &&
      this.heard[slot] === model.state &&
      this.breaker.admits(slot) === admits &&
      probes <= this.halfOpen &&
      this.breaker.openCount === open.length &&
      this.breaker.nextDueMs <= Math.min(...open.map((each) => each.reopenMs));
    if (!isRight) throw new Error(`${this.breaker.stateOf(slot)}, not ${JSON.stringify({ ...model, probes, admits })}`);
  }
}

function closedModel(): Model {
  return { state: 'closed', era: 0, failures: 0, openings: 0, reopenMs: 0 };
}
