import { describe, expect, test } from 'vitest';
import { scriptedConnection } from '../transport/testing/scripted-connection.ts';
import { relay, relayDrained, relayEnd } from './splice.ts';

describe('back-pressure', () => {
  test('a side that takes everything pauses nobody', () => {
    const [from, to] = [scriptedConnection(), scriptedConnection()];
    relay(from.connection, to.connection, Buffer.from('abc'));
    expect([from.log, to.log]).toEqual([[], ['write:abc']]);
  });

  test('the sender is paused while bytes wait, and resumed when the last of them is gone', () => {
    const [from, to] = [scriptedConnection(), scriptedConnection(1, 1)];
    relay(from.connection, to.connection, Buffer.from('abc'));
    relay(from.connection, to.connection, Buffer.from('d'));
    expect(from.log).toEqual(['pause']);
    relayDrained(to.connection, from.connection);
    expect([from.log, to.sent()]).toEqual([['pause'], 'ab']);
    relayDrained(to.connection, from.connection);
    expect([from.log, to.sent()]).toEqual([['pause', 'resume'], 'abcd']);
  });

  test('a drain without need resumes nobody', () => {
    const [from, to] = [scriptedConnection(), scriptedConnection()];
    relayDrained(to.connection, from.connection);
    expect(from.log).toEqual([]);
  });
});

describe('half-close', () => {
  test('a FIN is passed on behind what waits; the other direction goes on', () => {
    const [from, to] = [scriptedConnection(), scriptedConnection(1)];
    relay(from.connection, to.connection, Buffer.from('ab'));
    relayEnd(from.connection, to.connection);
    expect(to.log).toEqual(['write:a']);
    relayDrained(to.connection, from.connection);
    expect(to.log).toEqual(['write:a', 'write:b', 'shutdown']);
    relay(to.connection, from.connection, Buffer.from('answer'));
    expect(from.sent()).toBe('answer');
  });

  test('when both have ended, both are closed, each behind what waits for it', () => {
    const [from, to] = [scriptedConnection(1), scriptedConnection()];
    relayEnd(from.connection, to.connection);
    relay(to.connection, from.connection, Buffer.from('xy'));
    relayEnd(to.connection, from.connection);
    expect([to.log.at(-1), from.log]).toEqual(['close', ['write:x']]);
    relayDrained(from.connection, to.connection);
    expect(from.log.slice(-2)).toEqual(['write:y', 'close']);
  });

  test('what a broken connection says is no end', async () => {
    const [from, to] = [scriptedConnection(-1), scriptedConnection()];
    relay(to.connection, from.connection, Buffer.from('x'));
    relayEnd(from.connection, to.connection);
    expect([from.connection.inputEnded, from.log.includes('terminate'), to.log]).toEqual([false, true, []]);
  });
});
