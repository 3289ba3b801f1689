import { decodeHuffman } from './huffman.ts';

/**
 * Header blocks of HTTP/2 (RFC 7541) for one who allows no dynamic table (SETTINGS_HEADER_TABLE_SIZE 0) and wants to know
 * few fields: of the static table only `:status` is told, every other name of it is passed over.
 */

const STATIC_ENTRIES = 61;
const FIRST_STATUS = 8;
const STATUSES = ['200', '204', '206', '304', '400', '404', '500'];
/** Beyond what fits into a frame. */
const MOST = 1 << 20;

class Block {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  get first(): number {
    return this.#bytes[this.#at]!;
  }

  /** In the last `bits` bits of the first byte and in what follows; −1: it is none. */
  integer(bits: number): number {
    const most = (1 << bits) - 1;
    let value = (this.#bytes[this.#at++] ?? 0) & most;
    if (value < most) return value;
    for (let shift = 0; value < MOST; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || shift > 21) return -1;
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
    return -1;
  }

  text(): string | undefined {
    if (this.isOver) return undefined;
    const isCoded = this.first >= 128;
    const length = this.integer(7);
    const from = this.#at;
    if (length < 0 || from + length > this.#bytes.length) return undefined;
    this.#at = from + length;
    const bytes = this.#bytes.subarray(from, this.#at);
    return isCoded ? decodeHuffman(bytes) : Buffer.from(bytes).toString('latin1');
  }
}

/** The fields of a whole block by name, the last of equal ones; undefined when it is none, or uses a dynamic table. */
export function readHeaderBlock(bytes: Uint8Array): Map<string, string> | undefined {
  const block = new Block(bytes);
  const fields = new Map<string, string>();
  while (!block.isOver) {
    const { first } = block;
    if (first >= 0x80) {
      const index = block.integer(7);
      if (index < 1 || index > STATIC_ENTRIES) return undefined;
      const status = STATUSES[index - FIRST_STATUS];
      if (status !== undefined) fields.set(':status', status);
    } else if (first >= 0x20 && first < 0x40) {
      if (block.integer(5) !== 0) return undefined;
    } else {
      const name = readName(block, first >= 0x40 ? 6 : 4);
      const value = name === undefined ? undefined : block.text();
      if (name === undefined || value === undefined) return undefined;
      if (name !== '') fields.set(name, value);
    }
  }
  return fields;
}

/** Empty: one that is of no interest. */
function readName(block: Block, bits: number): string | undefined {
  const index = block.integer(bits);
  if (index === 0) return block.text();
  if (index < 0 || index > STATIC_ENTRIES) return undefined;
  return index >= FIRST_STATUS && index < FIRST_STATUS + STATUSES.length ? ':status' : '';
}

/** A field that no table keeps; `name` is an index of the static table, or a text. */
export function writeField(name: number | string, value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (typeof name === 'number') return Buffer.concat([writeInteger(name, 4), writeInteger(bytes.length, 7), bytes]);
  const text = Buffer.from(name, 'latin1');
  const head = [Buffer.of(0), writeInteger(text.length, 7), text];
  return Buffer.concat([...head, writeInteger(bytes.length, 7), bytes]);
}

function writeInteger(value: number, bits: number): Buffer {
  const most = (1 << bits) - 1;
  if (value < most) return Buffer.of(value);
  const bytes = [most];
  let left = value - most;
  for (; left >= 128; left >>= 7) bytes.push((left & 127) | 128);
  return Buffer.from([...bytes, left]);
}
