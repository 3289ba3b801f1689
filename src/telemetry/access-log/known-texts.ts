import { type Escaping, encoded } from './escaping.ts';
import { LineBytes, MOST_ESCAPED_BYTES } from './line-bytes.ts';

/** Beyond so many, each is made anew. */
const MOST_KNOWN = 10_000;

/** Texts that come again and again, names of routes and endpoints for one: each is escaped once. */
export class KnownTexts {
  readonly #escaping: Escaping;
  readonly #before: Uint8Array;
  readonly #behind: Uint8Array;
  readonly #known = new Map<string, Uint8Array>();
  #last: string;
  #lastBytes: Uint8Array;

  /** `empty`: what stands for an empty text, without what stands around others. */
  constructor(before: string, behind: string, escaping: Escaping, empty = '') {
    this.#before = encoded(before);
    this.#behind = encoded(behind);
    this.#escaping = escaping;
    this.#last = '';
    this.#lastBytes = encoded(empty);
    this.#known.set('', this.#lastBytes);
  }

  of(text: string): Uint8Array {
    if (text === this.#last) return this.#lastBytes;
    let bytes = this.#known.get(text);
    if (bytes === undefined) {
      bytes = this.#make(text);
      if (this.#known.size < MOST_KNOWN) this.#known.set(text, bytes);
    }
    this.#last = text;
    this.#lastBytes = bytes;
    return bytes;
  }

  #make(text: string): Uint8Array {
    const line = new LineBytes(this.#before.length + MOST_ESCAPED_BYTES + this.#behind.length);
    line.constant(this.#before);
    line.string(text, this.#escaping);
    line.constant(this.#behind);
    return line.bytes.slice(0, line.length);
  }
}
