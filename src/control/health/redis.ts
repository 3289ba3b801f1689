/**
 * Passes when Redis, Valkey or another server of this protocol answers `PING` with `PONG`; not while it loads its data.
 * Reports the role that `INFO replication` names.
 *
 * Source  Redis serialization protocol specification, version 2.
 * Cost    one connection per check, one packet each way; at most 64 KiB are read.
 * Errors  `unreachable` when no connection came about; else `failed` with what the server said.
 */
import { z } from 'zod';
import type { Role } from '../pool-options.ts';
import type { ByteQueue } from './byte-queue.ts';
import { CheckOptions } from './check-options.ts';
import { type Conversation, converse, fail, LISTEN, quote, type Step } from './conversation.ts';
import type { ProbeDefinition } from './probe.ts';
import { createDialer } from './probe-connection.ts';

export const RedisProbeOptions = /* @__PURE__ */ z
  .strictObject({
    type: z.literal('redis'),
    username: z.exactOptional(z.string().min(1)).describe('Of an access control list; absent: the default user.'),
    password: z.exactOptional(z.string().min(1)).describe('Absent: the server asks for none.'),
    ...CheckOptions.shape,
  })
  .refine(({ username, password }) => username === undefined || password !== undefined, {
    message: 'a username goes with a password',
    path: ['username'],
  });
export type RedisProbeOptions = z.infer<typeof RedisProbeOptions>;
type RedisLogin = Pick<RedisProbeOptions, 'username' | 'password'>;

export const redis: ProbeDefinition<'redis', RedisLogin> = {
  type: 'redis',
  create(options, { transport }) {
    const opening = openingOf(options);
    const isLoggingIn = options.password !== undefined;
    return converse(createDialer(transport), () => new RedisConversation(opening, isLoggingIn));
  },
};

const NOT_REDIS = fail('the answer is not Redis');
/** Of everything but a bulk string: these are short. */
const LINE_BYTES = 1024;
const CR_LF = '\r\n';
const ROLES: Readonly<Record<string, Role>> = { master: 'primary', slave: 'replica', replica: 'replica' };

/** All commands at once; the answers come in their order. */
export class RedisConversation implements Conversation {
  readonly protocol = 'Redis';
  readonly opening: Uint8Array;
  #awaits: 'login' | 'pong' | 'info';

  constructor(opening: Uint8Array, isLoggingIn: boolean) {
    this.opening = opening;
    this.#awaits = isLoggingIn ? 'login' : 'pong';
  }

  read(input: ByteQueue): Step | undefined {
    const bytes = input.peek();
    const end = bytes.indexOf(CR_LF);
    if (end === -1 || end > LINE_BYTES) return bytes.length > LINE_BYTES || isStrange(bytes) ? NOT_REDIS : undefined;
    const line = bytes.toString('latin1', 1, end);
    if (bytes[0] === BULK) return this.#readBulk(input, line, end + 2);
    input.take(end + 2);
    if (bytes[0] === ERROR) return this.#refused(line);
    if (bytes[0] !== SIMPLE) return NOT_REDIS;
    if (this.#awaits === 'login' && line === 'OK') this.#awaits = 'pong';
    else if (this.#awaits === 'pong' && line === 'PONG') this.#awaits = 'info';
    else return NOT_REDIS;
    return LISTEN;
  }

  #readBulk(input: ByteQueue, size: string, from: number): Step | undefined {
    if (this.#awaits !== 'info' || !/^\d{1,5}$/.test(size)) return NOT_REDIS;
    const end = from + Number(size);
    const bytes = input.peek();
    if (bytes.length < end + 2) return undefined;
    const text = bytes.toString('latin1', from, end);
    if (bytes.toString('latin1', end, end + 2) !== CR_LF) return NOT_REDIS;
    input.take(end + 2);
    return passed(ROLES[/^role:(\w+)\r?$/m.exec(text)?.[1] ?? '']);
  }

  /** A user who may not see the replication is told nothing of it, but the server is up. */
  #refused(error: string): Step {
    return this.#awaits === 'info' ? passed(undefined) : fail(quote(error));
  }
}

const SIMPLE = '+'.charCodeAt(0);
const ERROR = '-'.charCodeAt(0);
const BULK = '$'.charCodeAt(0);

/** Known by its first byte: it need not send a line. */
function isStrange(bytes: Buffer): boolean {
  const [first] = bytes;
  return first !== undefined && first !== SIMPLE && first !== ERROR && first !== BULK;
}

function passed(role: Role | undefined): Step {
  return { result: { kind: 'passed', reason: role === undefined ? 'PONG' : `PONG, ${role}`, ...(role && { role }) } };
}

function openingOf({ username, password }: RedisLogin): Uint8Array {
  const login = password === undefined ? [] : [['AUTH', ...(username === undefined ? [] : [username]), password]];
  return Buffer.concat([...login, ['PING'], ['INFO', 'replication']].map(command));
}

function command(words: readonly string[]): Buffer {
  const bulks = words.map((each) => `$${Buffer.byteLength(each)}\r\n${each}\r\n`);
  return Buffer.from(`*${words.length}\r\n${bulks.join('')}`);
}
