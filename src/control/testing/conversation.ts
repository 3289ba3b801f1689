import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteQueue } from '../health/byte-queue.ts';
import type { Conversation } from '../health/conversation.ts';
import type { ProbeResult } from '../health/probe.ts';

export interface Heard {
  readonly said: string;
  readonly result: ProbeResult | undefined;
}

/** Lets a conversation hear `bytes` in pieces of `size`; what it said, opening and all, as hexadecimal digits. */
export function hear(conversation: Conversation, bytes: Uint8Array, size = bytes.byteLength): Heard {
  const input = new ByteQueue(1 << 20);
  let said = Buffer.from(conversation.opening ?? []).toString('hex');
  for (let at = 0; at < bytes.byteLength; at += size) {
    input.push(bytes.subarray(at, at + size));
    for (let step = conversation.read(input); step !== undefined; step = conversation.read(input)) {
      said += Buffer.from(step.say ?? []).toString('hex');
      if (step.result !== undefined) return { said, result: step.result };
    }
  }
  return { said, result: undefined };
}

export interface ConversationRow {
  readonly why: string;
  readonly bytes: Uint8Array;
  /** Undefined: it goes on waiting. */
  readonly want: Partial<ProbeResult> | undefined;
  /** Default: the one under test. */
  readonly begin?: () => Conversation;
}

export interface ConversationCase {
  readonly begin: () => Conversation;
  /** All that an endpoint says in a check that passes. */
  readonly good: Uint8Array;
  readonly rows: readonly ConversationRow[];
}

/** What every conversation must do: the same whatever the pieces, nothing before the end, and never throw. */
export function describeConversation(name: string, { begin, good, rows }: ConversationCase): void {
  describe(`${name} conversation`, () => {
    test.each([...rows])('$why', ({ bytes, want, begin: own = begin }) => {
      const whole = hear(own(), bytes);
      if (want === undefined) expect(whole.result).toBeUndefined();
      else expect(whole.result).toMatchObject(want);
      if (want?.kind === 'passed') expect(whole.result?.role).toBe(want.role);
      expect(hear(own(), bytes, 1)).toEqual(whole);
    });

    test('is the same wherever it is cut in two, and waits as long as something is missing', () => {
      const whole = hear(begin(), good);
      expect(whole.result?.kind).toBe('passed');
      for (let size = 1; size < good.byteLength; size++) {
        expect(hear(begin(), good, size)).toEqual(whole);
        expect(hear(begin(), good.subarray(0, size)).result).toBeUndefined();
      }
    });

    test('never throws, whatever comes, and pieces make no difference', () => {
      const garbage = fc.uint8Array({ maxLength: 64 });
      const mutants = fc.tuple(fc.nat(good.byteLength), fc.nat(8), garbage).map(([at, cut, bytes]) => {
        return Buffer.concat([good.subarray(0, at), bytes, good.subarray(at + cut)]);
      });
      fc.assert(
        fc.property(fc.oneof(garbage, mutants, mutants), fc.integer({ min: 1, max: 7 }), (bytes, size) => {
          expect(hear(begin(), bytes, size)).toEqual(hear(begin(), bytes));
        }),
        { numRuns: 500 },
      );
    });

    test.each([0x00, 0xff, 0x0a, 0x41, 0x2b])('an endless row of %i ends, or waits for the limit', (byte) => {
      const { result } = hear(begin(), Buffer.alloc(200_000, byte), 1000);
      if (result !== undefined) expect(result.kind).toBe('failed');
    });
  });
}
