import { describe, expect, test } from 'vitest';
import { type ConversationRow, describeConversation, hear } from '../testing/conversation.ts';
import { fakeScheduler } from '../testing/fake-scheduler.ts';
import { scriptedTransport } from '../testing/scripted-transport.ts';
import { RedisConversation } from './redis.ts';
import { createProbe } from './registry.ts';
import { HealthConfig } from './schema.ts';

const begin = () => new RedisConversation(new Uint8Array(0), false);
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;
const info = (role: string) => bulk(`# Replication\r\nrole:${role}\r\nconnected_slaves:0\r\nmaster_replid:8c3f\r\n`);
const good = '+PONG\r\n'.concat(info('master'));

const NOT_REDIS = { kind: 'failed', reason: 'the answer is not Redis' } as const;
const rows: (Omit<ConversationRow, 'bytes'> & { text: string })[] = [
  { why: 'a primary', text: good, want: { kind: 'passed', reason: 'PONG, primary', role: 'primary' } },
  {
    why: 'a replica',
    text: `+PONG\r\n${info('slave')}`,
    want: { kind: 'passed', reason: 'PONG, replica', role: 'replica' },
  },
  {
    why: 'a replica in words of today',
    text: `+PONG\r\n${info('replica')}`,
    want: { kind: 'passed', role: 'replica' },
  },
  { why: 'a sentinel has no role', text: `+PONG\r\n${info('sentinel')}`, want: { kind: 'passed', reason: 'PONG' } },
  { why: 'no right to see it', text: '+PONG\r\n-NOPERM no rights\r\n', want: { kind: 'passed', reason: 'PONG' } },
  { why: 'a role elsewhere in the text', text: `+PONG\r\n${bulk('x_role:master')}`, want: { kind: 'passed' } },
  {
    why: 'loading',
    text: '-LOADING Redis is loading the dataset in memory\r\n',
    want: { kind: 'failed', reason: 'LOADING Redis is loading the dataset in memory' },
  },
  {
    why: 'a password is missing',
    text: '-NOAUTH Authentication required.\r\n',
    want: { kind: 'failed', reason: 'NOAUTH Authentication required.' },
  },
  {
    why: 'a wrong password',
    begin: () => new RedisConversation(new Uint8Array(0), true),
    text: '-WRONGPASS invalid\r\n',
    want: { kind: 'failed', reason: 'WRONGPASS invalid' },
  },
  {
    why: 'a password',
    begin: () => new RedisConversation(new Uint8Array(0), true),
    text: `+OK\r\n${good}`,
    want: { kind: 'passed', role: 'primary' },
  },
  { why: 'control characters are not repeated', text: '-ERR a\x1b[31m\0b\r\n', want: { reason: 'ERR a [31m b' } },
  { why: 'another word', text: '+PANG\r\n', want: NOT_REDIS },
  { why: 'HTTP', text: 'HTTP/1.1 400 Bad Request\r\n', want: NOT_REDIS },
  { why: 'one byte of something else', text: 'S', want: NOT_REDIS },
  { why: 'a line that never ends', text: `+${'x'.repeat(1100)}`, want: NOT_REDIS },
  { why: 'a bulk string first', text: info('master'), want: NOT_REDIS },
  { why: 'a bulk string of nothing', text: '+PONG\r\n$-1\r\n', want: NOT_REDIS },
  { why: 'a bulk string without end', text: '+PONG\r\n$3\r\nabcXY', want: NOT_REDIS },
  { why: 'an absurd length', text: '+PONG\r\n$999999999\r\n', want: NOT_REDIS },
  { why: 'an array', text: '*1\r\n+PONG\r\n', want: NOT_REDIS },
];

describeConversation('redis', {
  begin,
  good: Buffer.from(good),
  rows: rows.map(({ text, ...row }) => ({ ...row, bytes: Buffer.from(text, 'latin1') })),
});

describe('redis', () => {
  test('a long error is cut', () => {
    const { result } = hear(begin(), Buffer.from(`-ERR ${'x'.repeat(900)}\r\n`));
    expect(result?.reason).toBe(`ERR ${'x'.repeat(196)}…`);
  });

  test.each([
    { given: {}, want: '*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n' },
    { given: { password: 'pä' }, want: /^\*2\r\n\$4\r\nAUTH\r\n\$3\r\npä\r\n\*1\r\n/ },
    {
      given: { username: 'check', password: 'p' },
      want: /^\*3\r\n\$4\r\nAUTH\r\n\$5\r\ncheck\r\n\$1\r\np\r\n\*1\r\n/,
    },
  ])('asks with $given', ({ given, want }) => {
    const { transport, log, open } = scriptedTransport();
    const probe = createProbe(HealthConfig.parse({ type: 'redis', ...given }), {
      transport,
      scheduler: fakeScheduler(),
    });
    probe.start({ address: { kind: 'tcp', host: '192.0.2.1', port: 1 }, authority: 'a' }, () => {});
    open();
    expect(Buffer.from(log.slice(1).join(''), 'latin1').toString()).toEqual(
      typeof want === 'string' ? want : expect.stringMatching(want),
    );
  });

  test('a username needs a password', () => {
    expect(HealthConfig.safeParse({ type: 'redis', username: 'a' }).success).toBe(false);
  });
});
