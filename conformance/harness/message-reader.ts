import { createHash } from 'node:crypto';

/**
 * A strict HTTP/1 reader that shares nothing with the parsers it judges: it works on latin1 text, one message at a
 * time, and stops at the first byte that RFC 9110 or 9112 does not allow. Used at both ends of the balancer.
 */
export interface Message {
  /** Request: method, target, version. Response: version, status, reason. */
  readonly start: readonly [string, string, string];
  readonly fields: readonly Field[];
  /** The head as it came, blank line included. */
  readonly head: string;
  readonly framing: 'none' | 'length' | 'chunked' | 'until-close';
  readonly trailers: Field[];
  /** The content's first MiB. */
  body: Buffer;
  bodyBytes: number;
  /** SHA-256 of the whole content, hexadecimal; set at the end. */
  bodyHash: string;
  /** False while under way, and for ever when the connection was cut. */
  complete: boolean;
}

export type Field = readonly [name: string, value: string];

export interface ReaderEvents {
  head?(message: Message): void;
  body?(message: Message, bytes: Buffer): void;
  end(message: Message): void;
}

export interface MessageReader {
  push(bytes: Buffer): void;
  /** The peer sent FIN. */
  finish(): void;
  /** Reads no further: what follows is not HTTP and collects in `rest`. */
  detach(): void;
  /** Why the bytes so far are not HTTP; reading has stopped then. */
  readonly violation: string | undefined;
  /** The message under way, none between two messages. */
  readonly current: Message | undefined;
  /** Bytes after a switch of protocols, or after the first violation. */
  readonly rest: Buffer;
}

/** Decides how a head's content is framed; throws `Violation` when there is no single answer. */
export type FramingRule = (start: Message['start'], fields: readonly Field[]) => Message['framing'] | 'tunnel';

export class Violation extends Error {}

const KEPT_BODY_BYTES = 1 << 20;
const MAX_LINE_BYTES = 1 << 20;

type State = 'head' | 'fixed' | 'size' | 'data' | 'data-end' | 'trailers' | 'until-close' | 'tunnel' | 'dead';

class StrictReader implements MessageReader {
  violation: string | undefined;
  current: Message | undefined;
  private buffered: Buffer = Buffer.alloc(0);
  private state: State = 'head';
  private left = 0;
  private hash = createHash('sha256');
  private readonly kind: 'request' | 'response';
  private readonly framingOf: FramingRule;
  private readonly events: ReaderEvents;

  constructor(kind: 'request' | 'response', framingOf: FramingRule, events: ReaderEvents) {
    this.kind = kind;
    this.framingOf = framingOf;
    this.events = events;
  }

  get rest(): Buffer {
    return this.buffered;
  }

  push(bytes: Buffer): void {
    this.buffered = this.buffered.length === 0 ? bytes : Buffer.concat([this.buffered, bytes]);
    try {
      let going = true;
      while (going) going = this.step();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.violation = error.message;
      this.state = 'dead';
    }
  }

  finish(): void {
    if (this.state === 'until-close') this.endMessage();
  }

  detach(): void {
    this.state = 'tunnel';
  }

  /** Takes one element off the buffer; false when more bytes are needed. */
  private step(): boolean {
    if (this.state === 'tunnel' || this.state === 'dead' || this.buffered.length === 0) return false;
    if (this.state === 'head') return this.readHead();
    if (this.state === 'trailers') return this.readTrailers();
    if (this.state === 'size') return this.readChunkSize();
    if (this.state === 'data-end') return this.readDataEnd();
    return this.readContent();
  }

  private readHead(): boolean {
    const end = this.buffered.indexOf('\r\n\r\n');
    // Checked before the end is there, so that a bare LF or a NUL cannot hide behind an unfinished head.
    checkLine(this.buffered.toString('latin1', 0, end < 0 ? this.buffered.length : end + 4));
    if (end < 0) return this.tooLong('head');
    const head = this.take(end + 4).toString('latin1');
    const lines = head.slice(0, -4).split('\r\n');
    const start = parseStart(this.kind, lines[0]!);
    const fields = lines.slice(1).map(parseField);
    const framing = this.framingOf(start, fields);
    this.begin(start, fields, head, framing === 'tunnel' ? 'none' : framing);
    if (framing === 'tunnel') this.state = 'tunnel';
    return true;
  }

  private begin(start: Message['start'], fields: Field[], head: string, framing: Message['framing']): void {
    const message: Message = {
      ...{ start, fields, head, framing, trailers: [] },
      ...{ body: Buffer.alloc(0), bodyBytes: 0, bodyHash: '', complete: false },
    };
    this.hash = createHash('sha256');
    this.current = message;
    this.left = framing === 'length' ? parseLength(fields) : 0;
    this.state = ({ none: 'fixed', length: 'fixed', chunked: 'size', 'until-close': 'until-close' } as const)[framing];
    this.events.head?.(message);
    if (this.state === 'fixed' && this.left === 0) this.endMessage();
  }

  private readContent(): boolean {
    const open = this.state === 'until-close';
    const bytes = this.take(open ? this.buffered.length : Math.min(this.left, this.buffered.length));
    if (!open) this.left -= bytes.length;
    this.addContent(bytes);
    if (this.left > 0 || open) return true;
    if (this.state === 'data') this.state = 'data-end';
    else this.endMessage();
    return true;
  }

  private addContent(bytes: Buffer): void {
    const message = this.current!;
    this.hash.update(bytes);
    message.bodyBytes += bytes.length;
    if (message.bodyBytes <= KEPT_BODY_BYTES) message.body = Buffer.concat([message.body, bytes]);
    this.events.body?.(message, bytes);
  }

  private readChunkSize(): boolean {
    const end = this.buffered.indexOf('\r\n');
    if (end < 0) {
      checkLine(this.buffered.toString('latin1'));
      return this.tooLong('chunk size');
    }
    const line = this.take(end + 2).toString('latin1', 0, end);
    if (!/^[0-9A-Fa-f]{1,13}$/.test(line)) throw new Violation(`chunk size ${JSON.stringify(line)}`);
    this.left = Number.parseInt(line, 16);
    this.state = this.left === 0 ? 'trailers' : 'data';
    return true;
  }

  private readDataEnd(): boolean {
    if (this.buffered.length < 2) return false;
    if (this.take(2).toString('latin1') !== '\r\n') throw new Violation('no CRLF after chunk data');
    this.state = 'size';
    return true;
  }

  private readTrailers(): boolean {
    const end = this.buffered.indexOf('\r\n');
    checkLine(this.buffered.toString('latin1', 0, end < 0 ? this.buffered.length : end + 2));
    if (end < 0) return this.tooLong('trailer');
    const line = this.take(end + 2).toString('latin1', 0, end);
    if (line === '') this.endMessage();
    else this.current!.trailers.push(parseTrailer(line));
    return true;
  }

  private endMessage(): void {
    const message = this.current!;
    this.current = undefined;
    message.complete = true;
    message.bodyHash = this.hash.digest('hex');
    this.state = 'head';
    this.events.end(message);
  }

  private tooLong(what: string): false {
    if (this.buffered.length > MAX_LINE_BYTES) throw new Violation(`${what} of more than ${MAX_LINE_BYTES} bytes`);
    return false;
  }

  private take(length: number): Buffer {
    const bytes = this.buffered.subarray(0, length);
    this.buffered = this.buffered.subarray(length);
    return bytes;
  }
}

export function createRequestReader(events: ReaderEvents): MessageReader {
  return new StrictReader('request', requestFraming, events);
}

/** `nextMethod` names the method of the request whose answer starts now. */
export function createResponseReader(nextMethod: () => string, events: ReaderEvents): MessageReader {
  return new StrictReader('response', (start, fields) => responseFraming(start, fields, nextMethod), events);
}

function requestFraming([, , version]: Message['start'], fields: readonly Field[]): Message['framing'] {
  const hosts = values(fields, 'host');
  if (hosts.length > 1 || (version === 'HTTP/1.1' && hosts.length === 0)) throw new Violation(`${hosts.length} Host`);
  const framing = explicitFraming(fields);
  if (framing === 'chunked' && version === 'HTTP/1.0') throw new Violation('chunked in HTTP/1.0');
  return framing ?? 'none';
}

function responseFraming(
  [version, status]: Message['start'],
  fields: readonly Field[],
  nextMethod: () => string,
): Message['framing'] | 'tunnel' {
  const explicit = explicitFraming(fields);
  if (status === '101') return 'tunnel';
  const interim = status.startsWith('1');
  const method = interim ? '' : nextMethod();
  if (interim || status === '204') {
    if (explicit) throw new Violation(`${status} with a framing field`);
    return 'none';
  }
  if (explicit === 'chunked' && version === 'HTTP/1.0') throw new Violation('chunked in HTTP/1.0');
  if (method === 'HEAD' || status === '304') return 'none';
  return explicit ?? 'until-close';
}

function explicitFraming(fields: readonly Field[]): 'length' | 'chunked' | undefined {
  const lengths = values(fields, 'content-length');
  const codings = values(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) throw new Violation('more than one framing field');
  if (codings.length === 1) {
    if (codings[0]!.toLowerCase() !== 'chunked') throw new Violation(`Transfer-Encoding ${codings[0]}`);
    return 'chunked';
  }
  if (lengths.length === 0) return undefined;
  parseLength(fields);
  return 'length';
}

function parseLength(fields: readonly Field[]): number {
  const text = value(fields, 'content-length') ?? '';
  if (!/^\d{1,15}$/.test(text)) throw new Violation(`Content-Length ${JSON.stringify(text)}`);
  return Number(text);
}

function parseStart(kind: 'request' | 'response', line: string): Message['start'] {
  const pattern =
    kind === 'request' ? /^([!#$%&'*+\-.^_`|~\w]+) ([\x21-\xff]+) (HTTP\/1\.[01])$/ : /^(HTTP\/1\.[01]) (\d{3}) (.*)$/;
  const match = pattern.exec(line);
  if (!match) throw new Violation(`start line ${JSON.stringify(line.slice(0, 80))}`);
  return [match[1]!, match[2]!, match[3]!];
}

function parseField(line: string): Field {
  const match = /^([!#$%&'*+\-.^_`|~\w]+):[ \t]*(.*?)[ \t]*$/s.exec(line);
  if (!match) throw new Violation(`field line ${JSON.stringify(line.slice(0, 80))}`);
  return [match[1]!, match[2]!];
}

function parseTrailer(line: string): Field {
  const field = parseField(line);
  if (/^(content-length|transfer-encoding|host|connection)$/i.test(field[0]))
    throw new Violation(`trailer ${field[0]}`);
  return field;
}

/** Every control character but TAB, and CR or LF outside of a CRLF, is refused wherever it stands in a head. */
function checkLine(text: string): void {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code >= 32 && code !== 127) || code === 9) continue;
    const inPair =
      (code === 13 && (index + 1 === text.length || text[index + 1] === '\n')) ||
      (code === 10 && text[index - 1] === '\r');
    if (!inPair) throw new Violation(`control character ${code} at ${index}`);
  }
}

/** The values of a field, in order; names are compared without case. */
export function values(fields: readonly Field[], name: string): string[] {
  return fields.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, text]) => text);
}

/** A field's first value. */
export function value(fields: readonly Field[], name: string): string | undefined {
  return values(fields, name)[0];
}
