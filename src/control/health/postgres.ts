/**
 * Passes when PostgreSQL can be logged in to as `user`, without a password, and answers a query; reports whether it is in
 * recovery, as a standby is. Without a `user` it is enough that the server refuses the login for any reason but that it
 * takes no connections now, as `pg_isready` has it.
 *
 * Source  PostgreSQL 17 documentation, chapter 53 (frontend/backend protocol 3.0) and appendix A (error codes).
 * Cost    one connection and one short-lived server process per check; at most 64 KiB are read.
 * Errors  `unreachable` when no connection came about; else `failed` with what the server said.
 */
import { z } from 'zod';
import type { ByteQueue } from './byte-queue.ts';
import { CheckOptions } from './check-options.ts';
import { type Conversation, converse, fail, LISTEN, quote, type Step } from './conversation.ts';
import type { ProbeDefinition } from './probe.ts';
import { createDialer } from './probe-connection.ts';

const NAME = /^[^\0]{1,63}$/;

export const PostgresProbeOptions = /* @__PURE__ */ z.strictObject({
  type: z.literal('postgres'),
  user: z
    .exactOptional(z.string().regex(NAME, 'expected a name of up to 63 characters'))
    .describe('Logs in without a password and asks for the role; absent: only whether connections are taken.'),
  database: z
    .string()
    .regex(NAME, 'expected a name of up to 63 characters')
    .default('postgres')
    .describe('To log in to.'),
  ...CheckOptions.shape,
});
export type PostgresProbeOptions = z.infer<typeof PostgresProbeOptions>;
type PostgresLogin = Pick<PostgresProbeOptions, 'user' | 'database'>;

export const postgres: ProbeDefinition<'postgres', PostgresLogin> = {
  type: 'postgres',
  create({ user, database }, { transport }) {
    // Some name must be given: one that the server's log explains.
    const opening = startupMessage({ user: user ?? 'equipoise', database, application_name: 'equipoise' });
    return converse(createDialer(transport), () => new PostgresConversation(opening, user !== undefined));
  },
};

const NOT_POSTGRES = fail('the answer is not PostgreSQL');
const PROTOCOL_3 = 196_608;
const HEADER_BYTES = 5;
const LONGEST_MESSAGE = 32_768;
/** Class 53: no more connections, memory or disk; class 57: starting up, shutting down. */
const TAKES_NONE = /^5[37]/;

/** First bytes of the messages that a server may send here. */
const MESSAGES = new Set('RSKZTDCENvAt'.split('').map((each) => each.charCodeAt(0)));

export class PostgresConversation implements Conversation {
  readonly protocol = 'PostgreSQL';
  readonly opening: Uint8Array;
  readonly #asksRole: boolean;
  #hasAsked = false;
  #inRecovery: boolean | undefined;

  constructor(opening: Uint8Array, asksRole: boolean) {
    this.opening = opening;
    this.#asksRole = asksRole;
  }

  read(input: ByteQueue): Step | undefined {
    const bytes = input.peek();
    if (bytes.length > 0 && !MESSAGES.has(bytes[0]!)) return NOT_POSTGRES;
    if (bytes.length < HEADER_BYTES) return undefined;
    const size = bytes.readUInt32BE(1) + 1;
    if (size < HEADER_BYTES || size > LONGEST_MESSAGE) return NOT_POSTGRES;
    if (bytes.length < size) return undefined;
    const message = input.take(size);
    return this.#take(String.fromCharCode(message[0]!), message.subarray(HEADER_BYTES));
  }

  #take(type: string, body: Buffer): Step {
    switch (type) {
      case 'R':
        return this.#takeAuthentication(body);
      case 'E':
        return this.#refused(body);
      case 'D':
        return this.#takeRow(body);
      case 'Z':
        return this.#ready();
      default:
        return LISTEN;
    }
  }

  /** Who has no user sees a request for a password as an answer like any other. */
  #takeAuthentication(body: Buffer): Step {
    if (body.length < 4) return NOT_POSTGRES;
    if (body.readUInt32BE(0) === 0) return LISTEN;
    return this.#asksRole ? fail('the server asks for a password') : ACCEPTS;
  }

  #refused(body: Buffer): Step {
    const { code, text } = readError(body);
    if (code === '') return NOT_POSTGRES;
    if (!this.#asksRole && !TAKES_NONE.test(code)) return ACCEPTS;
    return fail(quote(`${text} (${code})`));
  }

  #ready(): Step {
    if (!this.#asksRole) return ACCEPTS;
    if (!this.#hasAsked) {
      this.#hasAsked = true;
      return { say: QUERY };
    }
    if (this.#inRecovery === undefined) return NOT_POSTGRES;
    const role = this.#inRecovery ? 'replica' : 'primary';
    return {
      say: TERMINATE,
      result: { kind: 'passed', reason: this.#inRecovery ? 'in recovery' : 'not in recovery', role },
    };
  }

  /** One column of one character. */
  #takeRow(body: Buffer): Step {
    if (!this.#hasAsked || body.length !== 7 || body.readUInt16BE(0) !== 1) return NOT_POSTGRES;
    const value = String.fromCharCode(body[6]!);
    if (body.readUInt32BE(2) !== 1 || (value !== 't' && value !== 'f')) return NOT_POSTGRES;
    this.#inRecovery = value === 't';
    return LISTEN;
  }
}

const ACCEPTS: Step = { result: { kind: 'passed', reason: 'accepts connections' } };

/** Fields of a letter and a text each, to an empty one: `C` the code, `M` the message. */
function readError(body: Buffer): { code: string; text: string } {
  const fields = body.toString('utf8').split('\0');
  const find = (letter: string) => fields.find((each) => each.startsWith(letter))?.slice(1) ?? '';
  return { code: find('C'), text: find('M') };
}

function startupMessage(parameters: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`);
  const body = Buffer.from(`${pairs.join('')}\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(head.length + body.length, 0);
  head.writeUInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}

function message(type: string, text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(HEADER_BYTES);
  head.write(type);
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const QUERY = message('Q', 'SELECT pg_catalog.pg_is_in_recovery()\0');
const TERMINATE = message('X', '');
