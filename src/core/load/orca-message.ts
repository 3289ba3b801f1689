/**
 * Reads the binary form of an ORCA load report: base64 of the protobuf message `xds.data.orca.v3.OrcaLoadReport`.
 *
 * Source  xds/data/orca/v3/orca_load_report.proto; protobuf.dev, "Encoding"; base64: RFC 4648 section 4, `=` optional.
 * Cost    O(length); allocates the decoded bytes.
 * Errors  false when it is not base64 or not such a message; fields it does not know are skipped, as protobuf has it.
 */

/** Fields of the message that are doubles. */
const doubles: Readonly<Record<number, string>> = {
  1: 'cpu_utilization',
  6: 'rps_fractional',
  7: 'eps',
  9: 'application_utilization',
};
const NAMED_METRICS = 8;

/** Hands each number to `put`, under the names of the text form; stops with false where `put` says false. */
export function readOrcaMessage(base64: string, put: (name: string, value: number) => boolean): boolean {
  const bytes = decodeBase64(base64);
  if (bytes === undefined) return false;
  const message = new Message(bytes, 0, bytes.length);
  while (message.next()) {
    const { field } = message;
    const name = doubles[field];
    if (name !== undefined && (message.wire !== FIXED64 || !put(name, message.double()))) return false;
    if (field === NAMED_METRICS && (message.wire !== LENGTH || !readEntry(message, put))) return false;
  }
  return message.ended;
}

/** An entry of the map is a message of its own: 1 the name, 2 the number, which is 0 where it is left out. */
function readEntry(message: Message, put: (name: string, value: number) => boolean): boolean {
  const entry = message.inner();
  let name = '';
  let value = 0;
  while (entry.next()) {
    if (entry.field === 1 && entry.wire === LENGTH) name = entry.ascii();
    else if (entry.field === 2 && entry.wire === FIXED64) value = entry.double();
  }
  return entry.ended && put(`named_metrics.${name}`, value);
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Walks over the fields of one message. */
class Message {
  field = 0;
  wire = 0;
  /** True when the walk came to the end of a well-formed message. */
  ended = false;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #end: number;
  #at: number;
  #start = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Goes to the next field; false at the end and where the message is broken. */
  next(): boolean {
    this.ended = this.#at === this.#end;
    if (this.ended) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.wire = tag % 8;
    const length = this.#lengthOfValue();
    this.#start = this.#at;
    this.#at += length;
    return tag >= 0 && length >= 0 && this.#at <= this.#end;
  }

  double(): number {
    return new DataView(this.#bytes.buffer, this.#start, 8).getFloat64(0, true);
  }

  ascii(): string {
    return String.fromCharCode(...this.#bytes.subarray(this.#start, this.#at));
  }

  inner(): Message {
    return new Message(this.#bytes, this.#start, this.#at);
  }

  #lengthOfValue(): number {
    if (this.wire === FIXED64) return 8;
    if (this.wire === FIXED32) return 4;
    if (this.wire === LENGTH) return this.#varint();
    return this.wire === VARINT && this.#varint() >= 0 ? 0 : -1;
  }

  /** −1 when it is cut off or longer than ten bytes. Above 2^53 it loses digits, which lengths and tags never reach. */
  #varint(): number {
    let value = 0;
    for (let power = 1, bytes = 0; bytes < 10 && this.#at < this.#end; bytes++, power *= 128) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 127) * power;
      if (byte < 128) return value;
    }
    return -1;
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = text.trim().replace(/={1,2}$/, '');
  if (digits.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = ALPHABET.indexOf(digits[i]!);
    if (digit < 0) return undefined;
    // Four digits make three bytes; each digit after the first of four completes one.
    bits = ((bits << 6) | digit) & 0xffffff;
    if (i % 4 > 0) bytes[Math.floor((i * 3) / 4)] = bits >> (6 - 2 * (i % 4));
  }
  return bytes;
}
