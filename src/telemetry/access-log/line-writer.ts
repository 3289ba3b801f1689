import { fstatSync, readSync, write } from 'node:fs';
import type { LineBytes } from './line-bytes.ts';

/** A full pipe holds 64 KiB: 32 MB a second go through it. */
const AGAIN_MS = 2;
/** A disk that is full, or a quota, or the greatest size of a file: there may be room again. */
const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EFBIG'];
const ROOM_AGAIN_MS = 100;
/** So often another thread may try to finish the line within which its disk was full, before it is ended for it. */
const MOST_TURNS = 5;
const LF = 10;

/** Hears why lines were lost, or wait; once in a row. */
export type OnFailure = (reason: string) => void;

export interface LineWriterOptions {
  /** What is written to now; it may change. */
  readonly descriptor: () => number;
  /** A piece of whole lines has at most so many bytes, where they fit. */
  readonly pieceBytes: number;
  /** It may end within a line: of a program that was killed, or of another thread for which there was no room. */
  readonly mayBeTorn: boolean;
  readonly onFailure: OnFailure;
  /** Default: that of `node:fs`. */
  readonly write?: typeof write;
}

/**
 * Writes batch after batch to a descriptor. Where there is no room a batch waits at the byte where it stopped, so that no line
 * stays torn; lines that find no room in memory meanwhile are not our business.
 *
 * Errors  what fails otherwise is lost, and told to `done`.
 */
export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #write: typeof write;
  readonly #idle: (() => void)[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #descriptor = -1;
  #lost = 0;
  #done: ((lost: number) => void) | null = null;
  /** What is written to ends with a line end. */
  #isWhole: boolean;
  /** We left a line within it, and will not finish that. */
  #isTorn = false;
  #hasFailed = false;
  #isClosed = false;
  /** For another thread to end its line. */
  #isWaiting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LineWriterOptions) {
    this.#options = options;
    this.#write = options.write ?? write;
    this.#isWhole = !options.mayBeTorn;
  }

  /** See `BatchSink`. */
  write({ bytes, length }: LineBytes, done: (lost: number) => void): void {
    this.#bytes = bytes.subarray(0, length);
    this.#at = 0;
    this.#lost = 0;
    this.#done = done;
    if (this.#isClosed) this.#lose();
    else this.#begin(MOST_TURNS);
  }

  /** Runs it when nothing is being written: now, if that is so. */
  whenIdle(run: () => void): void {
    if (this.#done === null) run();
    else this.#idle.push(run);
  }

  /** The descriptor is another one. */
  reopened(): void {
    this.#isTorn = false;
    this.#isWhole = !this.#options.mayBeTorn;
  }

  /** Waits no longer: what there is no room for is lost, what another thread began is ended. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer === undefined || this.#done === null) return;
    if (!this.#isWaiting) {
      this.#lose();
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#begin(0);
  }

  /** At the start of a line. */
  #begin(turns: number): void {
    this.#descriptor = this.#options.descriptor();
    const isTornElsewhere = !this.#isWhole && !this.#isTorn && endsWithinLine(this.#descriptor);
    this.#isWaiting = isTornElsewhere && turns > 0;
    if (this.#isWaiting) {
      this.#after(ROOM_AGAIN_MS, () => this.#begin(turns - 1));
      return;
    }
    if (this.#isTorn || isTornElsewhere) this.#endLine();
    this.#isWhole = true;
    this.#goOn();
  }

  /** What was torn ends before what comes now. */
  #endLine(): void {
    this.#isTorn = false;
    this.#bytes = Buffer.concat([Buffer.of(LF), this.#bytes.subarray(this.#at)]);
    this.#at = 0;
  }

  #goOn(): void {
    const { pieceBytes } = this.#options;
    const length = pieceEnd(this.#bytes, this.#at, pieceBytes) - this.#at;
    this.#write(this.#descriptor, this.#bytes, this.#at, length, null, (error, written) => {
      // A pipe whose reader is slow may be non-blocking.
      if (error?.code === 'EAGAIN' && !this.#isClosed) this.#after(AGAIN_MS, () => this.#goOn());
      else if (error) this.#failed(error);
      else this.#wrote(written);
    });
  }

  #wrote(written: number): void {
    this.#at += written;
    if (this.#at < this.#bytes.byteLength) this.#goOn();
    else {
      this.#hasFailed = false;
      this.#end();
    }
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (!this.#hasFailed) this.#options.onFailure(`the access log cannot be written: ${error.message}`);
    this.#hasFailed = true;
    if (this.#isClosed || !NO_ROOM.includes(error.code ?? '')) this.#lose();
    else this.#awaitRoom();
  }

  #awaitRoom(): void {
    const isReopened = this.#descriptor !== this.#options.descriptor();
    if (this.#isWithinLine && isReopened) this.#skipLine();
    if (this.#at === this.#bytes.byteLength) this.#end();
    else if (this.#isWithinLine) this.#after(ROOM_AGAIN_MS, () => this.#goOn());
    else {
      // Another thread may have been stopped within a line of its own.
      this.#isWhole = !this.#options.mayBeTorn;
      this.#after(isReopened ? 0 : ROOM_AGAIN_MS, () => this.#begin(MOST_TURNS));
    }
  }

  get #isWithinLine(): boolean {
    return this.#at > 0 && this.#bytes[this.#at - 1] !== LF;
  }

  /** Its rest belongs to a file that is written no more. */
  #skipLine(): void {
    this.#lost++;
    this.#at = this.#bytes.indexOf(LF, this.#at) + 1;
  }

  #after(ms: number, run: () => void): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      run();
    }, ms);
  }

  /** The rest of the batch. */
  #lose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const wasTorn = this.#at === 0 && this.#bytes[0] === LF;
    this.#isTorn ||= (wasTorn || this.#isWithinLine) && this.#descriptor === this.#options.descriptor();
    this.#lost += linesIn(this.#bytes, this.#at);
    this.#end();
  }

  #end(): void {
    const done = this.#done!;
    this.#done = null;
    for (const run of this.#idle.splice(0)) run();
    done(this.#lost);
  }
}

/** Behind the last line that fits; a longer one goes alone. */
function pieceEnd(bytes: Uint8Array, from: number, most: number): number {
  if (bytes.byteLength - from <= most) return bytes.byteLength;
  const lastFitting = bytes.lastIndexOf(LF, from + most - 1);
  if (lastFitting >= from) return lastFitting + 1;
  const next = bytes.indexOf(LF, from);
  return next === -1 ? bytes.byteLength : next + 1;
}

/** An empty one is none. */
function linesIn(bytes: Uint8Array, from: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (at > 0 && bytes[at - 1] !== LF) lines++;
  }
  return lines;
}

/** What cannot be read is taken to be whole. */
function endsWithinLine(descriptor: number): boolean {
  const last = Buffer.alloc(1);
  try {
    const { size } = fstatSync(descriptor);
    return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== LF;
  } catch {
    return false;
  }
}
