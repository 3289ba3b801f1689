/**
 * Passes when MySQL or MariaDB can be logged in to as `user`, without a password, and answers a query; reports whether it
 * is read-only, as a replica is to be. Without a `user` its greeting is enough.
 *
 * Source  MySQL internals, client/server protocol: handshake version 10, COM_QUERY with a text result.
 * Cost    one connection per check; at most 64 KiB are read. Without a `user` the server counts each check as an aborted
 *         connection, and may lock the balancer out (`max_connect_errors`).
 * Errors  `unreachable` when no connection came about; else `failed` with what the server said.
 */
import { z } from 'zod';
import type { ByteQueue } from './byte-queue.ts';
import { CheckOptions } from './check-options.ts';
import { type Conversation, converse, fail, LISTEN, quote, type Step } from './conversation.ts';
import {
  errorOf,
  greetingPlugin,
  isErrorPacket,
  isRowsEnd,
  loginPacket,
  packet,
  QUIT,
  query,
  switchedPlugin,
} from './mysql-packets.ts';
import type { ProbeDefinition } from './probe.ts';
import { createDialer } from './probe-connection.ts';

export const MysqlProbeOptions = /* @__PURE__ */ z.strictObject({
  type: z.literal('mysql'),
  user: z
    .exactOptional(z.string().regex(/^[^\0]{1,80}$/, 'expected a name of up to 80 characters'))
    .describe('Logs in without a password and asks for the role; absent: only the greeting is read.'),
  ...CheckOptions.shape,
});
export type MysqlProbeOptions = z.infer<typeof MysqlProbeOptions>;

export const mysql: ProbeDefinition<'mysql', Pick<MysqlProbeOptions, 'user'>> = {
  type: 'mysql',
  create({ user }, { transport }) {
    return converse(createDialer(transport), () => new MysqlConversation(user));
  },
};

const NOT_MYSQL = fail('the answer is not MySQL');
const HEADER_BYTES = 4;
/** None that is expected here is as long. */
const LONGEST_PACKET = 16_384;
const OK = 0x00;
const MORE_DATA = 0x01;
const SWITCH = 0xfe;
/** Of `caching_sha2_password`: it wants the password itself. */
const FULL_AUTHENTICATION = 4;
const READ_ONLY = query('SELECT @@global.read_only');

/** Greeting, login, query; one step for each packet of the server's. */
export class MysqlConversation implements Conversation {
  readonly protocol = 'MySQL';
  readonly #user: string | undefined;
  #awaits: 'greeting' | 'login' | 'count' | 'column' | 'column-end' | 'row' | 'row-end' = 'greeting';
  #sequence = 0;
  #value = '';

  constructor(user: string | undefined) {
    this.#user = user;
  }

  read(input: ByteQueue): Step | undefined {
    const bytes = input.peek();
    // Told by its head: a service of another kind may send no more.
    if (bytes.length >= 3 && bytes.readUIntLE(0, 3) > LONGEST_PACKET) return NOT_MYSQL;
    if (bytes.length < HEADER_BYTES) return undefined;
    const size = bytes.readUIntLE(0, 3);
    if (size === 0 || bytes[3] !== this.#sequence) return NOT_MYSQL;
    if (bytes.length < HEADER_BYTES + size) return undefined;
    const body = input.take(HEADER_BYTES + size).subarray(HEADER_BYTES);
    this.#sequence++;
    return isErrorPacket(body) ? fail(quote(errorOf(body))) : this.#take(body);
  }

  #take(body: Buffer): Step {
    switch (this.#awaits) {
      case 'greeting':
        return this.#greeted(body);
      case 'login':
        return this.#loggingIn(body);
      case 'row':
        return this.#takeRow(body);
      case 'row-end':
        return isRowsEnd(body) ? this.#conclude() : NOT_MYSQL;
      default:
        return this.#takeColumns(body);
    }
  }

  #greeted(body: Buffer): Step {
    const plugin = greetingPlugin(body);
    if (plugin === undefined) return NOT_MYSQL;
    if (this.#user === undefined) return { result: { kind: 'passed', reason: 'greeted' } };
    this.#awaits = 'login';
    return this.#say(loginPacket(this.#user, plugin));
  }

  #loggingIn(body: Buffer): Step {
    switch (body[0]) {
      case OK:
        this.#awaits = 'count';
        this.#sequence = 1; // a command begins anew
        return { say: READ_ONLY };
      case MORE_DATA:
        return body[1] === FULL_AUTHENTICATION ? fail('the user has a password') : LISTEN;
      case SWITCH: {
        const plugin = switchedPlugin(body);
        // What stands for no password: a zero byte there, nothing elsewhere.
        return this.#say(plugin === 'caching_sha2_password' ? Buffer.of(0) : Buffer.alloc(0));
      }
      default:
        return NOT_MYSQL;
    }
  }

  /** One column; its definition says nothing that is not known. */
  #takeColumns(body: Buffer): Step {
    if (this.#awaits === 'count') {
      if (body.length !== 1 || body[0] !== 1) return NOT_MYSQL;
      this.#awaits = 'column';
    } else if (this.#awaits === 'column') {
      this.#awaits = 'column-end';
    } else {
      if (!isRowsEnd(body)) return NOT_MYSQL;
      this.#awaits = 'row';
    }
    return LISTEN;
  }

  #takeRow(body: Buffer): Step {
    if (body[0] !== body.length - 1) return NOT_MYSQL;
    this.#value = body.toString('latin1', 1);
    this.#awaits = 'row-end';
    return LISTEN;
  }

  /** A number, or from MariaDB 12 on `OFF` and several words for read-only. */
  #conclude(): Step {
    const isPrimary = this.#value === '0' || this.#value === 'OFF';
    const role = isPrimary ? 'primary' : 'replica';
    return { say: QUIT, result: { kind: 'passed', reason: `read_only is ${quote(this.#value)}`, role } };
  }

  #say(body: Buffer): Step {
    return { say: packet(this.#sequence++, body) };
  }
}
