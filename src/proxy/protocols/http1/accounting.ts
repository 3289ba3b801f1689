import type { End, Fault, Stage } from '../../../telemetry/access-log/record.ts';
import { BodyReader } from './body-reader.ts';
import { bodyBytesOf } from './problem.ts';
import type { LogEntry } from './request-log.ts';
import { Tries } from './tries.ts';

const CUT: readonly End[] = ['endpoint-failed', 'answer-cut'];

/** What is told of a request when it has ended: its line in the access log, and its record. */
export abstract class Accounting extends Tries {
  readonly requestBody = new BodyReader();
  /** Of the final answer that an endpoint gave; 0: none. */
  status = 0;

  get requestDone(): boolean {
    return this.requestBody.done;
  }

  /** Somebody is to hear how it ended. */
  get isWatched(): boolean {
    return this.entry !== null || this.record !== null;
  }

  /** It was at an endpoint, or is. */
  protected get wasServed(): boolean {
    return this.pool !== null && (this.current.slot !== -1 || this.picks.tried.size > 0);
  }

  protected failedAt(slot: number): void {
    const { id } = this.pool!.picker.endpoint(slot);
    if (this.entry !== null) this.entry.endpoint = id;
    if (this.record !== null) this.record.endpoint = id;
  }

  /** How it ended. Before the pick is given back: its endpoint is named. `own`: an answer of ours that it gets. */
  ended(status: number, end: End, own: Buffer | null = null): void {
    const { record, current, pool } = this;
    if (this.entry !== null) this.#logEnd(this.entry, status, end, own);
    if (record === null) return;
    record.status = status;
    record.end = end;
    if (pool === null) return;
    record.pool = pool.name;
    if (current.slot !== -1) record.endpoint = pool.picker.endpoint(current.slot).id;
  }

  #logEnd(entry: LogEntry, status: number, end: End, own: Buffer | null): void {
    const { current, pool } = this;
    if (entry.log.isDetailed) this.#describe(entry, end);
    // Its wait has an end, too.
    else this.leaveLine();
    this.entry = null;
    entry.bytesIn = this.requestBody.contentBytes;
    entry.retries = this.retries;
    if (pool !== null) entry.pool = pool.name;
    if (pool !== null && current.slot !== -1) {
      entry.endpoint = pool.picker.endpoint(current.slot).id;
      entry.firstByteMs = current.latencyMs;
      entry.bytesOut = current.upstream?.answer.bodyBytes ?? 0;
      entry.sentBytes = current.upstream?.answer.sentBytes ?? 0;
    }
    if (own !== null) {
      entry.bytesOut += bodyBytesOf(own);
      entry.sentBytes += own.byteLength;
    }
    if (end === 'tunnel') {
      entry.bytesIn = this.client!.relayedBytes;
      entry.bytesOut = current.upstream!.relayedBytes;
      entry.sentBytes += entry.bytesOut;
    }
    entry.log.end(entry, status, end, this.beganMs, this.#endedMs(end));
  }

  /** Now, where that is known: looking at the clock is no small part of what a line costs. 0: it is not. */
  #endedMs(end: End): number {
    const { sentAtMs, latencyMs, upstream } = this.current;
    return end === 'complete' && upstream?.answer.isOnePiece === true ? sentAtMs + latencyMs : 0;
  }

  /** What only detailed formats tell. */
  #describe(entry: LogEntry, end: End): void {
    const { current } = this;
    entry.stage = this.#stageAt(end);
    entry.fault = this.#faultOf(end);
    this.leaveLine();
    if (this.#isConnected && entry.stage !== 'queue')
      entry.connectMs = current.sentAtMs - this.beganMs - Math.max(0, entry.queueMs);
    if (this.status === 0) entry.answerMs = -1;
    else if (entry.answerMs < 0) entry.answerMs = current.latencyMs;
    this.#meet(entry);
  }

  #stageAt(end: End): Stage {
    if (this.pool === null) return 'request';
    if (this.waitsInLine || end === 'turned-away') return 'queue';
    if (this.responseStarted) return 'data';
    if (!this.#isConnected) return 'connection';
    const isClientGone = end === 'client-gone' || this.#faultOf(end) === 'half-closed';
    return isClientGone && !this.requestDone ? 'data' : 'answer';
  }

  /** Its last try was: of those before it nobody asks, nor of other requests'. */
  get #isConnected(): boolean {
    return this.wasServed && this.current.isConnected;
  }

  #faultOf(end: End): Fault {
    const { failure } = this;
    if (end === 'bad-request') return this.client!.inputEnded && !this.requestDone ? 'half-closed' : 'none';
    if (!CUT.includes(end) || failure === null) return 'none';
    if (failure === 'overload') return 'descriptors';
    return failure === 'garbage' || failure === 'timeout' ? failure : 'none';
  }

  /** Who else is here; this request is on its way out of pool and endpoint. */
  #meet(entry: LogEntry): void {
    const { pool, current, client } = this;
    entry.log.meet(entry);
    if (client!.socket === null) {
      // It has gone already.
      entry.programConnections++;
      entry.listenerConnections++;
    }
    if (pool === null) return;
    const { picker, gate } = pool;
    const isPicked = current.slot !== -1;
    entry.poolRequests = picker.inFlight.total() - (isPicked ? current.cost : 0) + (gate.line?.length ?? 0);
    if (isPicked) entry.endpointRequests = picker.requestsOf(current.slot) - 1;
  }
}
