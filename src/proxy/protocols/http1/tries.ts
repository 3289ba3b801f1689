import { Alarm } from '../../../transport/alarm.ts';
import { Admission, type Failure } from './admission.ts';
import { RequestCopy } from './request-copy.ts';
import type { ResponseHead } from './response-head.ts';
import { retryAfterMs } from './retry-after.ts';
import { Try } from './try.ts';

const STATUS_OF: Record<Failure, number> = {
  ...{ connect: 502, closed: 502, garbage: 502 },
  ...{ evicted: 502, overload: 503, timeout: 504 },
};

/** What the fine alarm is set for. */
const NOTHING = 0;
const HEDGE = 1;
const RETRY = 2;

/**
 * The tries of a request: one; others after it, where that is safe; one beside it, where it is slow. The rules are in
 * docs/guides/retries.md.
 */
export abstract class Tries extends Admission {
  /** A byte of the final answer went to the client. */
  responseStarted = false;
  protected readonly copy = new RequestCopy();
  protected isIdempotent = false;
  #rival: Try | null = null;
  /** Kept for the next one that is wanted. */
  #spare: Try | null = null;
  /** Picked for the retry that follows a discarded answer. */
  #next: Try | null = null;
  #pauseMs = 0;
  /** Why the last try that failed did. */
  protected failure: Failure | null = null;
  /** Further tries that it was granted; one may have found no endpoint. */
  #granted = 0;
  #isHedged = false;
  /** An interim answer went to the client. */
  #answerBegan = false;
  /** Further tries taken from the budget. */
  #charges = 0;
  #alarm: Alarm | null = null;
  #alarmFor = NOTHING;
  #requestAlarm: Alarm | null = null;
  #beganAtMs = 0;

  /** Somebody is to hear how it ended. */
  abstract get isWatched(): boolean;
  /** A try at that slot failed; where no other one follows, it is who failed in the end. */
  protected abstract failedAt(slot: number): void;
  /** The answer began and cannot be finished: the client must see that. */
  protected abstract cut(): void;

  protected beginTries(): void {
    const { timeouts } = this.pool!.options;
    this.copy.limit(this.isIdempotent ? this.pool!.gate.rules.bufferBytes : -1);
    if (timeouts.request === undefined) return;
    this.#requestAlarm ??= new Alarm(() => this.#onRequestTimeout());
    this.listener.timers.arm(this.#requestAlarm, timeouts.request);
    this.#beganAtMs = this.listener.clock.now();
  }

  upstreamFailed(each: Try, failure: Failure, wasReused: boolean, answerBegan: boolean): void {
    if (each.record !== null) each.record.failure = failure;
    this.failure = failure;
    if (this.responseStarted) {
      this.#count(each, failure);
      this.cut();
      return;
    }
    each.upstream = null;
    const isFree = failure === 'connect' || (each.isUnsent && this.copy.isWhole);
    const isSafe = isFree || (failure !== 'overload' && !answerBegan && this.#mayRepeat);
    // The server closed an idle connection just as we used it: not the endpoint's fault, and not counted as a try.
    if (failure === 'closed' && wasReused && isSafe) {
      this.connect(each);
      return;
    }
    this.#count(each, failure);
    this.failureStatus = STATUS_OF[failure];
    const isOurs = failure === 'overload' || failure === 'evicted';
    if (this.#rival !== null) this.#goOnWithout(each, isOurs);
    else if (isSafe && this.#mayRetry(isFree)) {
      this.#giveBack(each, isOurs, isOurs ? -1 : each.elapsedMs(this.listener.clock.now()), isOurs);
      this.#retryAfter(this.#backoffMs());
    } else {
      if (failure === 'timeout') this.leaveLimit(true, -1);
      this.answer(this.failureStatus, isOurs);
    }
  }

  #count({ slot }: Try, failure: Failure): void {
    const { metrics } = this.pool!;
    if (failure === 'connect') metrics.connectFailed(slot);
    else if (failure !== 'overload' && failure !== 'evicted') metrics.failed(slot, failure);
  }

  get #mayRepeat(): boolean {
    return this.isIdempotent && this.copy.isWhole;
  }

  /** Counts a retry. `isFree`: the endpoint did nothing for the try before, so that another one multiplies no load. */
  #mayRetry(isFree: boolean): boolean {
    if (this.#granted >= this.pool!.gate.rules.attempts) return false;
    if (!isFree && !this.#charge()) return false;
    this.#granted++;
    return true;
  }

  #charge(): boolean {
    // It began when nothing was tried again; another configuration came meanwhile.
    if (this.budget === null) return false;
    const isGranted = this.budget.tryAgain();
    if (isGranted) this.#charges++;
    else this.pool!.metrics.budgetExhausted();
    return isGranted;
  }

  #backoffMs(): number {
    const { rules, rng } = this.pool!.gate;
    return rules.backoffMs(this.#granted, rng);
  }

  #retryAfter(ms: number): void {
    if (ms > 0) this.#arm(RETRY, ms);
    else this.#retry();
  }

  #retry(): void {
    this.current.isFirst = false;
    this.seek(null);
  }

  /** Gives the pick of a try back that failed; the request does not go there again. */
  #giveBack(each: Try, ok: boolean, latencyMs: number, neutral: boolean): void {
    this.picks.tried.add(each.slot);
    if (this.isWatched) this.failedAt(each.slot);
    each.release(ok, latencyMs, neutral);
  }

  /** One of two tries failed: the other one is left. */
  #goOnWithout(each: Try, neutral: boolean): void {
    this.#giveBack(each, false, each.elapsedMs(this.listener.clock.now()), neutral);
    if (each === this.current) this.current = this.#rival!;
    this.#rival = null;
    this.#spare = each;
  }

  /**
   * Another endpoint is asked instead of passing this answer on; `answerDiscarded` follows then. Where no pause comes before
   * that, a place is taken there now: without one the client gets the answer that there is.
   */
  discards(each: Try, head: ResponseHead): boolean {
    const { rules, rng } = this.pool!.gate;
    if (each.record !== null) each.record.answered(head.status);
    if (!rules.retries(head.status) || this.#answerBegan) return false;
    this.failureStatus = head.status;
    if (this.#rival !== null) return true;
    if (!this.#mayRepeat || this.#granted >= rules.attempts) return false;
    const waitMs = head.status === 503 || head.status === 429 ? retryAfterMs(head) : 0;
    if (waitMs > rules.maxRetryAfterMs) return false;
    this.picks.tried.add(each.slot);
    this.#pauseMs = Math.max(waitMs, rules.backoffMs(this.#granted + 1, rng));
    if (this.#pauseMs > 0) return this.picks.hasOthers && this.#mayRetry(false);
    const next = this.#takeSpare();
    if (this.picks.take(next)) {
      if (this.#mayRetry(false)) {
        this.#next = next;
        return true;
      }
      next.release(true, -1, true);
    }
    this.#spare = next;
    return false;
  }

  /** Its connection is given up, or kept for others. */
  answerDiscarded(each: Try): void {
    const next = this.#next;
    this.failure = null;
    if (this.failureStatus >= 500) this.pool!.metrics.failed(each.slot, 'status');
    each.upstream = null;
    if (this.#rival !== null) {
      this.#goOnWithout(each, false);
      return;
    }
    this.#giveBack(each, this.failureStatus < 500, each.latencyMs, false);
    if (next === null) this.#retryAfter(this.#pauseMs);
    else {
      this.#next = null;
      this.#spare = each;
      this.current = next;
      next.isFirst = false;
      this.dispatch(next, null);
    }
  }

  #takeSpare(): Try {
    const spare = this.#spare ?? new Try();
    this.#spare = null;
    return spare;
  }

  protected armHedge(): void {
    const { hedge } = this.pool!.gate;
    if (hedge === null || this.#isHedged || !this.requestDone || this.wantsUpgrade || !this.#mayRepeat) return;
    if (hedge.ms !== Number.POSITIVE_INFINITY) this.#arm(HEDGE, hedge.ms);
  }

  #arm(what: number, ms: number): void {
    this.#alarm ??= new Alarm(() => this.#onAlarm());
    this.#alarmFor = what;
    this.pool!.gate.timers.arm(this.#alarm, ms);
  }

  #disarm(): void {
    if (this.#alarmFor === NOTHING) return;
    this.#alarmFor = NOTHING;
    this.pool!.gate.timers.remove(this.#alarm!);
  }

  #onAlarm(): void {
    const what = this.#alarmFor;
    this.#alarmFor = NOTHING;
    if (what === RETRY) this.#retry();
    else if (what === HEDGE) this.#hedge();
  }

  #hedge(): void {
    const pool = this.pool!;
    const { tried } = this.picks;
    if (this.current.slot === -1) return;
    this.#isHedged = true;
    tried.add(this.current.slot);
    const rival = this.#takeSpare();
    const isPicked = this.picks.take(rival);
    if (isPicked && this.#charge()) {
      rival.isFirst = false;
      this.#rival = rival;
      pool.metrics.hedged(rival.slot);
      this.dispatch(rival, null);
      return;
    }
    if (isPicked) rival.release(true, -1, true);
    this.#spare = rival;
  }

  /** The answer on this try goes to the client from here on: the other one is not waited for. */
  settle(each: Try, isInterim: boolean): void {
    if (isInterim) this.#answerBegan = true;
    if (this.#alarmFor !== NOTHING) this.#disarm();
    if (this.#rival === null) return;
    if (each === this.#rival) {
      this.pool!.metrics.hedgeWon(each.slot);
      this.#rival = this.current;
      this.current = each;
    }
    this.dropRival();
  }

  /** Cancels a second try, if there is one; it says nothing about its endpoint. */
  protected dropRival(): void {
    const loser = this.#rival;
    if (loser === null) return;
    const { gate } = this.pool!;
    this.#rival = null;
    this.#spare = loser;
    const nowMs = this.listener.clock.now();
    if (loser.isFirst) gate.hedge?.record(loser.elapsedMs(nowMs), nowMs);
    this.#abandon(loser);
    loser.release(true, -1, true);
  }

  #abandon(each: Try): void {
    const { upstream } = each;
    each.upstream = null;
    upstream?.abandon();
  }

  #onRequestTimeout(): void {
    if (this.responseStarted) return;
    const elapsedMs = this.current.elapsedMs(this.listener.clock.now());
    // An endpoint that had less than half of the time is not the one to blame.
    const blameless = 2 * elapsedMs < this.listener.clock.now() - this.#beganAtMs;
    this.dropRival();
    if (!blameless && this.current.slot !== -1) this.pool!.metrics.failed(this.current.slot, 'timeout');
    if (this.current.record !== null) this.current.record.failure = 'timeout';
    this.#abandon(this.current);
    this.leaveLimit(true, -1);
    this.answer(504, blameless);
  }

  /** Ready for another request; every pick was given back. */
  protected endTries(): void {
    const { pool, budget } = this;
    this.current.isFirst = true;
    this.#isHedged = false;
    this.#answerBegan = false;
    this.#granted = 0;
    this.retries = 0;
    this.failure = null;
    if (pool === null) return;
    this.#disarm();
    if (this.#requestAlarm !== null) this.listener.timers.disarm(this.#requestAlarm);
    this.leaveLine();
    this.leaveLimit(false, -1);
    if (budget !== null) {
      budget.finish();
      while (this.#charges > 0) {
        budget.finishTry();
        this.#charges--;
      }
      this.budget = null;
    }
  }
}
