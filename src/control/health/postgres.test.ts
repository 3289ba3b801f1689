import { describe, expect, test } from 'vitest';
import { type ConversationRow, describeConversation, hear } from '../testing/conversation.ts';
import { PostgresConversation } from './postgres.ts';

const begin = () => new PostgresConversation(Buffer.from('start'), true);
const withoutUser = () => new PostgresConversation(Buffer.from('start'), false);

function message(type: string, ...parts: (string | Buffer | number[])[]): Buffer {
  const body = Buffer.concat(parts.map((each) => (typeof each === 'string' ? Buffer.from(each) : Buffer.from(each))));
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const error = (code: string, text: string) => message('E', `SFATAL\0VFATAL\0C${code}\0M${text}\0Fx.c\0\0`);
const AUTHENTICATED = message('R', [0, 0, 0, 0]);
const PARAMETER = message('S', 'server_version\x0017.2\0');
const KEY = message('K', [0, 0, 0, 1, 0, 0, 0, 2]);
const READY = message('Z', 'I');
const ROW_HEAD = message('T', [0, 1], 'pg_is_in_recovery\0', Buffer.alloc(18));
const row = (value: string) => message('D', [0, 1, 0, 0, 0, value.length], value);
const DONE = message('C', 'SELECT 1\0');
const LOGIN = [AUTHENTICATED, PARAMETER, KEY, READY];
const session = (value: string) => Buffer.concat([...LOGIN, ROW_HEAD, row(value), DONE, READY]);

const NOT_POSTGRES = { kind: 'failed', reason: 'the answer is not PostgreSQL' } as const;
const ACCEPTS = { kind: 'passed', reason: 'accepts connections' } as const;
const STARTING = error('57P03', 'the database system is starting up');
const rows: ConversationRow[] = [
  {
    why: 'a primary',
    bytes: session('f'),
    want: { kind: 'passed', reason: 'not in recovery', role: 'primary' },
  },
  { why: 'a standby', bytes: session('t'), want: { kind: 'passed', reason: 'in recovery', role: 'replica' } },
  {
    why: 'notices in between',
    bytes: Buffer.concat([message('N', 'SNOTICE\0\0'), session('t')]),
    want: { kind: 'passed', role: 'replica' },
  },
  {
    why: 'starting up',
    bytes: STARTING,
    want: { kind: 'failed', reason: 'the database system is starting up (57P03)' },
  },
  {
    why: 'a password is wanted',
    bytes: message('R', [0, 0, 0, 10], 'SCRAM-SHA-256\0\0'),
    want: { kind: 'failed', reason: 'the server asks for a password' },
  },
  {
    why: 'an unknown user',
    bytes: error('28000', 'role "checker" does not exist'),
    want: { kind: 'failed', reason: 'role "checker" does not exist (28000)' },
  },
  {
    why: 'the query fails',
    bytes: Buffer.concat([...LOGIN, error('42501', 'permission denied')]),
    want: { kind: 'failed', reason: 'permission denied (42501)' },
  },
  { why: 'no row', bytes: Buffer.concat([...LOGIN, DONE, READY]), want: NOT_POSTGRES },
  { why: 'a row of another type', bytes: session('1'), want: NOT_POSTGRES },
  { why: 'a row before the query', bytes: Buffer.concat([AUTHENTICATED, row('t')]), want: NOT_POSTGRES },
  { why: 'two columns', bytes: Buffer.concat([...LOGIN, message('D', [0, 2, 0, 0, 0, 1], 't')]), want: NOT_POSTGRES },
  {
    why: 'without a user: a password',
    begin: withoutUser,
    bytes: message('R', [0, 0, 0, 5, 1, 2, 3, 4]),
    want: ACCEPTS,
  },
  { why: 'without a user: no such role', begin: withoutUser, bytes: error('28000', 'no role'), want: ACCEPTS },
  { why: 'without a user: let in', begin: withoutUser, bytes: Buffer.concat(LOGIN), want: ACCEPTS },
  { why: 'without a user: starting up', begin: withoutUser, bytes: STARTING, want: { kind: 'failed' } },
  {
    why: 'without a user: full',
    begin: withoutUser,
    bytes: error('53300', 'sorry, too many clients already'),
    want: { kind: 'failed', reason: 'sorry, too many clients already (53300)' },
  },
  { why: 'an error without a code', bytes: message('E', 'Mx\0\0'), want: NOT_POSTGRES },
  { why: 'HTTP', bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n'), want: NOT_POSTGRES },
  { why: 'a length of less than itself', bytes: Buffer.from([0x52, 0, 0, 0, 3]), want: NOT_POSTGRES },
  { why: 'an absurd length', bytes: Buffer.from([0x52, 0x7f, 0, 0, 0]), want: NOT_POSTGRES },
  { why: 'a request for a copy', bytes: message('G', [0, 0, 0]), want: NOT_POSTGRES },
];

describeConversation('postgres', { begin, good: session('f'), rows });

describe('postgres', () => {
  test('asks once it is let in, and says goodbye', () => {
    const { said } = hear(begin(), session('t'));
    const text = Buffer.from(said, 'hex').toString('latin1');
    expect(text).toBe('startQ\0\0\0\x2aSELECT pg_catalog.pg_is_in_recovery()\0X\0\0\0\x04');
  });
});
