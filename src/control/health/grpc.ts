/**
 * Passes when the standard health service says that `service` is SERVING, over HTTP/2 without TLS.
 *
 * Source  grpc.health.v1 (GRPC Health Checking Protocol), gRPC over HTTP/2, RFC 9113, RFC 7541.
 * Cost    one connection and one call per check; at most 64 KiB are read.
 * Errors  `unreachable` when no connection came about; else `failed` with what the server said.
 */
import { z } from 'zod';
import type { ByteQueue } from './byte-queue.ts';
import { CheckOptions, SparingOptions } from './check-options.ts';
import { type Conversation, converse, fail, LISTEN, quote, type Step } from './conversation.ts';
import * as frames from './grpc-frames.ts';
import { readHeaderBlock } from './hpack.ts';
import type { ProbeDefinition } from './probe.ts';
import { createDialer } from './probe-connection.ts';

export const GrpcProbeOptions = /* @__PURE__ */ z.strictObject({
  type: z.literal('grpc'),
  service: z
    .string()
    .regex(/^[\x21-\x7e]{0,127}$/, 'expected up to 127 visible characters')
    .default('')
    .describe('Name of the service asked for; empty: the whole server.'),
  ...CheckOptions.shape,
  ...SparingOptions.shape,
});
export type GrpcProbeOptions = z.infer<typeof GrpcProbeOptions>;

export const grpc: ProbeDefinition<'grpc', Pick<GrpcProbeOptions, 'service'>> = {
  type: 'grpc',
  create({ service }, { transport }) {
    return converse(createDialer(transport), ({ authority }) => new GrpcConversation(authority, service));
  },
};

const NOT_HTTP2 = fail('the answer is not HTTP/2');
const NOT_HEALTH = fail('the answer is not a HealthCheckResponse');
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const SERVING = 1;
const CODES = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
];

export class GrpcConversation implements Conversation {
  readonly protocol = 'gRPC';
  readonly opening: Uint8Array;
  #hasSettings = false;
  /** Of a block that goes on in the next frame; null: none does. */
  #block: Buffer | null = null;
  #blockEndsStream = false;
  #fields = new Map<string, string>();
  #message: Buffer = Buffer.alloc(0);

  constructor(authority: string, service: string) {
    this.opening = frames.healthRequest(authority, service);
  }

  read(input: ByteQueue): Step | undefined {
    const bytes = input.peek();
    if (bytes.length >= 3 && bytes.readUIntBE(0, 3) > frames.LONGEST_FRAME) return NOT_HTTP2;
    if (bytes.length < frames.FRAME_HEAD_BYTES) return undefined;
    const size = frames.FRAME_HEAD_BYTES + bytes.readUIntBE(0, 3);
    const [type, flags] = [bytes[3]!, bytes[4]!];
    if (!this.#hasSettings && type !== frames.SETTINGS) return NOT_HTTP2;
    if ((this.#block === null) === (type === frames.CONTINUATION)) return NOT_HTTP2;
    if (bytes.length < size) return undefined;
    const stream = bytes.readUInt32BE(5) & 0x7fff_ffff;
    const body = input.take(size).subarray(frames.FRAME_HEAD_BYTES);
    return stream === 0 ? this.#takeOfConnection(type, flags, body) : this.#takeOfStream(type, flags, stream, body);
  }

  #takeOfConnection(type: number, flags: number, body: Buffer): Step {
    switch (type) {
      case frames.SETTINGS:
        if (body.length % 6 !== 0) return NOT_HTTP2;
        this.#hasSettings = true;
        return (flags & frames.ACK) === 0 ? { say: frames.frame(frames.SETTINGS, frames.ACK, 0) } : LISTEN;
      case frames.PING:
        if (body.length !== 8) return NOT_HTTP2;
        return (flags & frames.ACK) === 0 ? { say: frames.frame(frames.PING, frames.ACK, 0, body) } : LISTEN;
      case frames.GOAWAY:
        if (body.length < 8) return NOT_HTTP2;
        // The call may yet be answered when it is among those that the server takes.
        return body.readUInt32BE(0) >= frames.STREAM ? LISTEN : fail(`GOAWAY, error ${body.readUInt32BE(4)}`);
      case frames.DATA:
      case frames.HEADERS:
      case frames.RESET:
      case frames.PUSH:
      case frames.CONTINUATION:
        return NOT_HTTP2;
      default:
        return LISTEN;
    }
  }

  #takeOfStream(type: number, flags: number, stream: number, body: Buffer): Step {
    switch (type) {
      case frames.HEADERS:
      case frames.CONTINUATION:
        return stream === frames.STREAM ? this.#takeBlock(type, flags, body) : NOT_HTTP2;
      case frames.DATA:
        return stream === frames.STREAM ? this.#takeData(flags, body) : NOT_HTTP2;
      case frames.RESET:
        if (stream !== frames.STREAM || body.length !== 4) return NOT_HTTP2;
        return fail(`the call was reset, error ${body.readUInt32BE(0)}`);
      case frames.SETTINGS:
      case frames.PUSH:
      case frames.PING:
      case frames.GOAWAY:
        return NOT_HTTP2;
      default:
        return LISTEN;
    }
  }

  #takeBlock(type: number, flags: number, body: Buffer): Step {
    const piece = type === frames.HEADERS ? frames.payloadOf(flags, body, true) : body;
    if (piece === undefined) return NOT_HTTP2;
    if (type === frames.HEADERS) this.#blockEndsStream = (flags & frames.END_STREAM) !== 0;
    const block = Buffer.concat([this.#block ?? Buffer.alloc(0), piece]);
    if ((flags & frames.END_HEADERS) === 0) {
      this.#block = block;
      return LISTEN;
    }
    this.#block = null;
    const fields = readHeaderBlock(block);
    if (fields === undefined) return NOT_HTTP2;
    for (const [name, value] of fields) this.#fields.set(name, value);
    return this.#blockEndsStream ? this.#conclude() : LISTEN;
  }

  #takeData(flags: number, body: Buffer): Step {
    const piece = frames.payloadOf(flags, body, false);
    if (piece === undefined) return NOT_HTTP2;
    this.#message = Buffer.concat([this.#message, piece]);
    return (flags & frames.END_STREAM) === 0 ? LISTEN : this.#conclude();
  }

  #conclude(): Step {
    const { result } = this.#judge();
    return { say: frames.GOODBYE, ...(result && { result }) };
  }

  #judge(): Step {
    const http = this.#fields.get(':status') ?? 'none';
    if (http !== '200') return fail(`HTTP status ${quote(http)}, expected 200`);
    const code = this.#fields.get('grpc-status');
    if (code === undefined) return fail('the answer has no grpc-status');
    if (code !== '0') return fail(describeCode(code, this.#fields.get('grpc-message') ?? ''));
    const status = frames.readStatus(this.#message);
    if (status === SERVING) return { result: { kind: 'passed', reason: 'SERVING' } };
    return status === undefined ? NOT_HEALTH : fail(STATUSES[status] ?? `status ${status}`);
  }
}

/** `grpc-status 12 (UNIMPLEMENTED): unknown service grpc.health.v1.Health`. */
function describeCode(code: string, text: string): string {
  const name = /^\d{1,2}$/.test(code) ? CODES[Number(code)] : undefined;
  return quote(`grpc-status ${code}${name === undefined ? '' : ` (${name})`}${text === '' ? '' : `: ${text}`}`);
}
