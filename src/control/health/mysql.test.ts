import { describe, expect, test } from 'vitest';
import { type ConversationRow, describeConversation, hear } from '../testing/conversation.ts';
import { MysqlConversation } from './mysql.ts';

const begin = () => new MysqlConversation('checker');

/** Packets of the server's: number and body each. */
function packets(...list: (readonly [sequence: number, ...parts: (string | number[] | Buffer)[]])[]): Buffer {
  return Buffer.concat(
    list.map(([sequence, ...parts]) => {
      const body = Buffer.concat(
        parts.map((each) => (typeof each === 'string' ? Buffer.from(each) : Buffer.from(each))),
      );
      const head = Buffer.from([body.length & 0xff, body.length >> 8, 0, sequence]);
      return Buffer.concat([head, body]);
    }),
  );
}

/** Handshake version 10 with every capability but `without`. */
function greeting(plugin: string, without = 0): Buffer {
  const capabilities = (0xffff_ffff & ~without) >>> 0;
  const low = [capabilities & 0xff, (capabilities >> 8) & 0xff];
  const high = [(capabilities >> 16) & 0xff, (capabilities >>> 24) & 0xff];
  const ending = plugin === '' ? '' : `${'b'.repeat(12)}\0${plugin}\0`;
  return Buffer.concat([
    Buffer.from([10]),
    Buffer.from('8.4.3\0'),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from('aaaaaaaa\0'),
    Buffer.from([...low, 255, 2, 0, ...high, 21, ...new Array<number>(10).fill(0)]),
    Buffer.from(ending),
  ]);
}

const OK = [0, 0, 0, 2, 0, 0, 0];
const END = [0xfe, 0, 0, 2, 0];
const NATIVE = greeting('mysql_native_password');
const SHA2 = greeting('caching_sha2_password');
const COLUMN = '\x03def\0\0\0\x12@@global.read_only\0\x0c\x3f\0\x01\0\0\0\x08\x80\0\0\0\0';
const rowsOf = (value: string) => packets([1, [1]], [2, COLUMN], [3, END], [4, [value.length], value], [5, END]);
const session = (value: string, first = packets([0, NATIVE], [2, OK])) => Buffer.concat([first, rowsOf(value)]);
const denied = '\x15\x04#28000Access denied for user';

const NOT_MYSQL = { kind: 'failed', reason: 'the answer is not MySQL' } as const;
const rows: ConversationRow[] = [
  { why: 'a primary', bytes: session('0'), want: { kind: 'passed', reason: 'read_only is 0', role: 'primary' } },
  { why: 'a replica', bytes: session('1'), want: { kind: 'passed', reason: 'read_only is 1', role: 'replica' } },
  { why: 'a primary in words', bytes: session('OFF'), want: { kind: 'passed', role: 'primary' } },
  {
    why: 'a replica in words',
    bytes: session('READ_ONLY_NO_LOCK_ADMIN'),
    want: { kind: 'passed', role: 'replica' },
  },
  {
    why: 'the other plugin, which is content at once',
    bytes: session('0', packets([0, SHA2], [2, OK])),
    want: { kind: 'passed', role: 'primary' },
  },
  {
    why: 'a switch to it',
    bytes: session('0', packets([0, NATIVE], [2, [0xfe], 'caching_sha2_password\0', 'x'.repeat(21)], [4, OK])),
    want: { kind: 'passed', role: 'primary' },
  },
  {
    why: 'a switch from it, and it knows the user',
    bytes: session('0', packets([0, SHA2], [2, [0xfe], 'mysql_native_password\0abc\0'], [4, [1, 3]], [5, OK])),
    want: { kind: 'passed', role: 'primary' },
  },
  {
    why: 'a user with a password',
    bytes: packets([0, SHA2], [2, [1, 4]]),
    want: { kind: 'failed', reason: 'the user has a password' },
  },
  {
    why: 'denied',
    bytes: packets([0, NATIVE], [2, [0xff], denied]),
    want: { kind: 'failed', reason: 'Access denied for user (1045)' },
  },
  {
    why: 'no room, instead of a greeting',
    bytes: packets([0, [0xff], '\x10\x04Too many connections']),
    want: { kind: 'failed', reason: 'Too many connections (1040)' },
  },
  {
    why: 'an error of the query',
    bytes: Buffer.concat([packets([0, NATIVE], [2, OK]), packets([1, [0xff], '\xa9', '\x04', '#HY000unknown'])]),
    want: { kind: 'failed' },
  },
  { why: 'an error without a number', bytes: packets([0, [0xff]]), want: { reason: 'an error without a number' } },
  {
    why: 'without a user the greeting is enough',
    begin: () => new MysqlConversation(undefined),
    bytes: packets([0, NATIVE]),
    want: { kind: 'passed', reason: 'greeted' },
  },
  {
    why: 'a server before plugins',
    bytes: session('0', packets([0, greeting('', 0x80000)], [2, OK])),
    want: { kind: 'passed', role: 'primary' },
  },
  { why: 'a server before 4.1', bytes: packets([0, greeting('', 0x200)]), want: NOT_MYSQL },
  { why: 'handshake version 9', bytes: packets([0, [9], '3.23\0']), want: NOT_MYSQL },
  { why: 'a greeting that is cut', bytes: packets([0, NATIVE.subarray(0, 20)]), want: NOT_MYSQL },
  { why: 'a version that never ends', bytes: packets([0, [10], 'x'.repeat(100)]), want: NOT_MYSQL },
  { why: 'a wrong number', bytes: packets([1, NATIVE]), want: NOT_MYSQL },
  { why: 'an empty packet', bytes: packets([0]), want: NOT_MYSQL },
  { why: 'HTTP', bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n'), want: NOT_MYSQL },
  { why: 'a mail server', bytes: Buffer.from('220 mail'), want: NOT_MYSQL },
  { why: 'two columns', bytes: Buffer.concat([packets([0, NATIVE], [2, OK]), packets([1, [2]])]), want: NOT_MYSQL },
  {
    why: 'no row',
    bytes: Buffer.concat([packets([0, NATIVE], [2, OK]), packets([1, [1]], [2, COLUMN], [3, END], [4, END])]),
    want: NOT_MYSQL,
  },
];

describeConversation('mysql', { begin, good: session('1'), rows });

describe('mysql', () => {
  test('logs in without a password, asks, and quits', () => {
    const { said } = hear(begin(), session('0'));
    const text = Buffer.from(said, 'hex').toString('latin1');
    expect(text.slice(4 + 32)).toBe(
      'checker\0\0mysql_native_password\0\x1a\0\0\0\x03SELECT @@global.read_only\x01\0\0\0\x01',
    );
    expect(text.slice(0, 4)).toBe(`${String.fromCharCode(text.indexOf('\x1a\0\0\0') - 4)}\0\0\x01`);
  });

  test.each([
    { to: 'caching_sha2_password', want: '\x01\0\0\x03\0' },
    { to: 'mysql_native_password', want: '\0\0\0\x03' },
  ])('no password for $to', ({ to, want }) => {
    const { said } = hear(begin(), packets([0, greeting('other')], [2, [0xfe], `${to}\0x`]));
    expect(Buffer.from(said, 'hex').toString('latin1').endsWith(`other\0${want}`)).toBe(true);
  });
});
