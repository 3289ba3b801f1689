import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRng, type Rng } from '../../../core/kernel/rng.ts';
import { mutated, requestTexts, responseTexts } from '../../testing/messages.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';
import { RequestHead } from './request-head.ts';
import { BAD_RESPONSE, ResponseHead } from './response-head.ts';

/** For each of the three; a mutant takes a few microseconds. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 2) / 3;
/** In the message of a failure, so that it can be had again. */
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const TIMEOUT_MS = SECONDS * 1000 + 10_000;
const LIMITS = { headBytes: 1024, headerFields: 12 };
const AT = 5;

/** Corpora: a few hundred well-formed and slightly broken messages, mutated over and over. */
const requests = corpus(requestTexts);
const responses = corpus(responseTexts);
const bodies = [
  '0\r\n\r\n',
  '3\r\nabc\r\n0\r\n\r\n',
  '00a;x="y"\r\n0123456789\r\n0;z\r\nX-Sum: 1\r\nHost: a\r\n\r\n',
  'ffffffffffffe\r\n',
];

function corpus(texts: fc.Arbitrary<string>): string[] {
  return fc.sample(fc.oneof(texts, mutated(texts)), { numRuns: 400, seed: SEED });
}

/** Bytes put in, taken out, changed, repeated, and crossed with another message. */
function mutate(texts: readonly string[], rng: Rng): Buffer {
  let bytes = Buffer.from(texts[rng.below(texts.length)]!, 'latin1');
  for (let changes = 1 + rng.below(4); changes > 0; changes--) {
    const at = rng.below(bytes.length + 1);
    const other = Buffer.from(texts[rng.below(texts.length)]!, 'latin1');
    switch (rng.below(5)) {
      case 0:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([rng.below(256)]), bytes.subarray(at)]);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + rng.below(4))]);
        break;
      case 2:
        if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << rng.below(8));
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(rng.below(at + 1))]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(rng.below(other.length + 1))]);
    }
    if (bytes.length > 3000) bytes = bytes.subarray(0, 3000);
  }
  return bytes;
}

/** Calls `check` with mutants for the time given; a failure names the seed and the bytes. */
function fuzz(texts: readonly string[], check: (bytes: Buffer, rng: Rng) => void): number {
  const rng = createRng(SEED);
  const until = performance.now() + SECONDS * 1000;
  let runs = 0;
  while (performance.now() < until) {
    const bytes = mutate(texts, rng);
    const began = performance.now();
    try {
      check(bytes, rng);
    } catch (error) {
      throw new Error(`seed ${SEED}: ${JSON.stringify(bytes.toString('latin1'))}`, { cause: error });
    }
    // Pauses of the machine are allowed for; a loop that does not end is seen by the runner.
    expect(performance.now() - began).toBeLessThan(1000);
    runs++;
  }
  return runs;
}

/** Feeds `bytes` in a few pieces, at an offset; what each parse returned last, and how far it had come. */
function feed(parser: { parse(bytes: Uint8Array, end: number): number }, buffer: Buffer, rng: Rng) {
  let end = AT;
  let status = INCOMPLETE;
  while (status === INCOMPLETE && end < buffer.length) {
    end = Math.min(buffer.length, end + 1 + rng.below(rng.below(2) === 0 ? 8 : 2000));
    status = parser.parse(buffer, end);
  }
  return { status, end };
}

const placed = (bytes: Buffer) => Buffer.concat([Buffer.alloc(AT, 'x'), bytes]);

function expectWithin(head: RequestHead | ResponseHead, end: number): void {
  const { offsets, count } = head.fields;
  expect(head.end > AT && head.end <= end && head.end - AT <= LIMITS.headBytes).toBe(true);
  expect(count <= LIMITS.headerFields).toBe(true);
  let last = head.start;
  for (const offset of offsets.subarray(0, 4 * count)) {
    expect(offset >= last && offset < head.end).toBe(true);
    last = offset;
  }
  let kept = head.start;
  for (let cut = 0; cut < head.cuts.count; cut++) {
    expect(head.cuts.start(cut) >= kept && head.cuts.end(cut) > head.cuts.start(cut)).toBe(true);
    kept = head.cuts.end(cut);
  }
  expect(kept <= head.end - 2).toBe(true);
}

/** What is forwarded of a head: no line end but CRLF, no NUL, and exactly one end. */
function expectClean(head: RequestHead | ResponseHead): void {
  const text = Buffer.from(head.bytes.subarray(head.start, head.end)).toString('latin1');
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
  expect(text.indexOf('\r\n\r\n')).toBe(text.length - 4);
}

test(
  'request heads',
  () => {
    const seen = new Set<number>();
    const head = new RequestHead(LIMITS);
    const runs = fuzz(requests, (bytes, rng) => {
      const buffer = placed(bytes);
      head.begin(buffer, AT, rng.below(2) === 0);
      const { status, end } = feed(head, buffer, rng);
      expect([COMPLETE, INCOMPLETE, 400, 414, 417, 431, 501, 505]).toContain(status);
      seen.add(status);
      if (status !== COMPLETE) return;
      expectWithin(head, end);
      expectClean(head);
      expect(head.targetStart > head.methodEnd && head.pathStart >= head.targetStart).toBe(true);
      expect(head.pathEnd <= head.targetEnd && head.targetEnd < head.end).toBe(true);
      expect(head.hostStart <= head.hostEnd && head.hostStart >= AT && head.hostEnd < head.end).toBe(true);
      expect(head.contentLength === -1 || !head.isChunked).toBe(true);
      expect(head.contentLength >= -1 && Number.isSafeInteger(head.contentLength)).toBe(true);
    });
    expect(runs).toBeGreaterThan(100);
    expect([...seen]).toEqual(expect.arrayContaining([COMPLETE, INCOMPLETE, 400, 431]));
  },
  TIMEOUT_MS,
);

test(
  'response heads',
  () => {
    const seen = new Set<number>();
    const head = new ResponseHead(LIMITS);
    const runs = fuzz(responses, (bytes, rng) => {
      const buffer = placed(bytes);
      head.begin(buffer, AT);
      const { status, end } = feed(head, buffer, rng);
      expect([COMPLETE, INCOMPLETE, BAD_RESPONSE]).toContain(status);
      seen.add(status);
      if (status !== COMPLETE) return;
      expectWithin(head, end);
      expectClean(head);
      expect(head.status >= 100 && head.status <= 599).toBe(true);
      expect(head.contentLength === -1 || !head.isChunked).toBe(true);
      expect(head.contentLength >= -1 && Number.isSafeInteger(head.contentLength)).toBe(true);
    });
    expect(runs).toBeGreaterThan(100);
    expect([...seen].sort()).toEqual([COMPLETE, INCOMPLETE, BAD_RESPONSE]);
  },
  TIMEOUT_MS,
);

test(
  'chunked bodies',
  () => {
    const decoder = new ChunkedDecoder();
    let done = 0;
    let refused = 0;
    const runs = fuzz(bodies, (bytes, rng) => {
      const isPayloadOnly = rng.below(2) === 0;
      decoder.begin(isPayloadOnly);
      let content = 0;
      let p = 0;
      while (p < bytes.length && !decoder.done) {
        const to = Math.min(bytes.length, p + 1 + rng.below(20));
        const end = decoder.feed(bytes, p, to);
        if (end === -1) {
          refused++;
          return;
        }
        expect(end === to || (decoder.done && end > p && end < to)).toBe(true);
        let kept = p;
        for (let cut = 0; cut < decoder.cuts.count; cut++) {
          expect(decoder.cuts.start(cut) >= kept && decoder.cuts.end(cut) > decoder.cuts.start(cut)).toBe(true);
          content += decoder.cuts.start(cut) - kept;
          kept = decoder.cuts.end(cut);
        }
        expect(kept <= end).toBe(true);
        content += end - kept;
        p = end;
      }
      if (isPayloadOnly) expect(content).toBe(decoder.contentBytes);
      else expect(content).toBeGreaterThanOrEqual(decoder.contentBytes);
      if (!decoder.done) return;
      done++;
      expect(decoder.tail.toString('latin1')).toMatch(isPayloadOnly ? /^$/ : /^0\r\n([^\r\n]+\r\n)*\r\n$/);
    });
    expect(runs).toBeGreaterThan(100);
    expect(Math.min(done, refused)).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
