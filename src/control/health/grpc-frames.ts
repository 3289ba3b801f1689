/** Frames of HTTP/2 (RFC 9113) and the messages of gRPC in them, as far as a check needs them. */
import { writeField } from './hpack.ts';

export const DATA = 0;
export const HEADERS = 1;
export const RESET = 3;
export const SETTINGS = 4;
export const PUSH = 5;
export const PING = 6;
export const GOAWAY = 7;
export const CONTINUATION = 9;

export const ACK = 1;
export const END_STREAM = 1;
export const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 32;

export const FRAME_HEAD_BYTES = 9;
/** Of a body; what nobody may exceed who was not allowed to. */
export const LONGEST_FRAME = 16_384;
/** The only stream. */
export const STREAM = 1;

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** HEADER_TABLE_SIZE 0, ENABLE_PUSH 0. */
const OUR_SETTINGS = Buffer.from([0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
const METHOD_POST = 0x83;
const SCHEME_HTTP = 0x86;
const AUTHORITY = 1;
const PATH = 4;
const CONTENT_TYPE = 31;
const USER_AGENT = 58;
const MESSAGE_HEAD_BYTES = 5;
/** Field 1 of a message of protocol buffers, as text and as number. */
const FIELD_1_TEXT = 0x0a;
const FIELD_1_NUMBER = 0x08;

export function frame(type: number, flags: number, stream: number, body: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(body.byteLength, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** All that is said at first: preface, settings and the request to `/grpc.health.v1.Health/Check`. */
export function healthRequest(authority: string, service: string): Buffer {
  const fields = [
    Buffer.of(METHOD_POST, SCHEME_HTTP),
    writeField(PATH, '/grpc.health.v1.Health/Check'),
    writeField(AUTHORITY, authority),
    writeField(CONTENT_TYPE, 'application/grpc'),
    writeField('te', 'trailers'),
    writeField(USER_AGENT, 'equipoise'),
  ];
  return Buffer.concat([
    PREFACE,
    frame(SETTINGS, 0, 0, OUR_SETTINGS),
    frame(HEADERS, END_HEADERS, STREAM, Buffer.concat(fields)),
    frame(DATA, END_STREAM, STREAM, requestMessage(service)),
  ]);
}

/** No error, no stream of the server's. */
export const GOODBYE: Buffer = frame(GOAWAY, 0, 0, Buffer.alloc(8));

function requestMessage(service: string): Buffer {
  const name = Buffer.from(service);
  // Shorter than 128 bytes: the length is one byte.
  const body = name.length === 0 ? name : Buffer.concat([Buffer.of(FIELD_1_TEXT, name.length), name]);
  const head = Buffer.alloc(MESSAGE_HEAD_BYTES);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Without padding and priority; undefined when it is broken. */
export function payloadOf(flags: number, body: Buffer, mayHavePriority: boolean): Buffer | undefined {
  const isPadded = (flags & PADDED) !== 0;
  const from = (isPadded ? 1 : 0) + (mayHavePriority && (flags & PRIORITY) !== 0 ? 5 : 0);
  const end = body.length - (isPadded ? (body[0] ?? 0) : 0);
  return from > end ? undefined : body.subarray(from, end);
}

/** The status in a HealthCheckResponse, 0 where there is none; undefined: it is no such message. */
export function readStatus(message: Buffer): number | undefined {
  if (message.length < MESSAGE_HEAD_BYTES || message[0] !== 0) return undefined;
  const body = message.subarray(MESSAGE_HEAD_BYTES);
  if (message.readUInt32BE(1) !== body.length) return undefined;
  if (body.length === 0) return 0;
  return body[0] === FIELD_1_NUMBER && body.length === 2 ? body[1] : undefined;
}
