import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ScriptedConnection, scriptedConnection } from './testing/scripted-connection.ts';

function send({ connection }: ScriptedConnection, text: string, owned = false): boolean {
  const bytes = Buffer.from(`<${text}>`, 'latin1');
  return connection.send(bytes, 1, 1 + text.length, owned);
}

describe('send', () => {
  test('what the kernel takes is gone', () => {
    const it = scriptedConnection();
    expect([send(it, 'abc'), it.connection.backedUp, it.log]).toEqual([true, false, ['write:abc']]);
  });

  test('nothing is sent as nothing', () => {
    const it = scriptedConnection();
    expect([send(it, ''), it.log]).toEqual([true, []]);
  });

  test('what the kernel leaves waits, and what comes later waits behind it', () => {
    const it = scriptedConnection(1, 0, 2, 1);
    expect([send(it, 'abc'), send(it, 'de'), send(it, 'fg')]).toEqual([false, false, false]);
    expect([it.sent(), it.connection.backedUp, it.log.length]).toEqual(['a', true, 1]);
    expect([it.connection.flush(), it.sent()]).toEqual([false, 'a']);
    expect([it.connection.flush(), it.sent()]).toEqual([false, 'abcd']);
    expect([it.connection.flush(), it.connection.backedUp, it.sent()]).toEqual([true, false, 'abcdefg']);
    expect([send(it, 'h'), it.sent()]).toEqual([true, 'abcdefgh']);
  });

  test.each([true, false])('what waits is copied, unless it is owned: %j', (owned) => {
    const it = scriptedConnection(1);
    const bytes = Buffer.from('abcd');
    const more = Buffer.from('ef');
    it.connection.send(bytes, 0, 4, owned);
    it.connection.send(more, 0, 2, owned);
    bytes.fill('x');
    more.fill('y');
    it.connection.flush();
    expect(it.sent()).toBe(owned ? 'axxxyy' : 'abcdef');
  });

  test('a connection without socket takes everything and sends nothing', () => {
    const it = scriptedConnection(1);
    send(it, 'abc');
    it.connection.socket = null;
    expect([it.connection.flush(), it.connection.backedUp, send(it, 'd'), it.sent()]).toEqual([true, false, true, 'a']);
  });

  test('flush with nothing waiting writes nothing', () => {
    const it = scriptedConnection();
    expect([it.connection.flush(), it.log]).toEqual([true, []]);
  });
});

describe('a write that meets a closed connection', () => {
  test('is forgotten, and the connection terminated, but not before the caller is done', async () => {
    const it = scriptedConnection(-1, -1);
    expect([send(it, 'abc'), send(it, 'd'), it.connection.backedUp, it.connection.isBroken]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(it.log).toEqual(['write failed', 'write failed']);
    await Promise.resolve();
    expect(it.log.slice(2)).toEqual(['terminate']);
  });

  test.each(['shutdownWhenFlushed', 'closeWhenFlushed'] as const)('is followed by no %s', async (close) => {
    const it = scriptedConnection(1, -1);
    send(it, 'abc');
    send(it, 'd');
    it.connection[close]();
    expect([it.connection.flush(), it.connection.backedUp, it.connection.isBroken]).toEqual([true, false, true]);
    await Promise.resolve();
    expect(it.log).toEqual(['write:a', 'write failed', 'terminate']);
  });
});

describe('closing', () => {
  test.each([
    ['shutdownWhenFlushed', 'shutdown'],
    ['closeWhenFlushed', 'close'],
  ] as const)('%s comes at once when nothing waits', (close, want) => {
    const it = scriptedConnection();
    it.connection[close]();
    expect(it.log).toEqual([want]);
  });

  test.each([
    ['shutdownWhenFlushed', 'shutdown'],
    ['closeWhenFlushed', 'close'],
  ] as const)('%s comes behind what waits, once', (close, want) => {
    const it = scriptedConnection(1, 1);
    send(it, 'abc');
    it.connection[close]();
    expect([it.connection.flush(), it.log]).toEqual([false, ['write:a', 'write:b']]);
    expect([it.connection.flush(), it.connection.flush(), it.log.slice(2)]).toEqual([true, true, ['write:c', want]]);
  });

  test('a second shutdown sends no second FIN', () => {
    const it = scriptedConnection();
    it.connection.shutdownWhenFlushed();
    it.connection.shutdownWhenFlushed();
    expect(it.log).toEqual(['shutdown']);
  });

  test('a close takes the place of a shutdown that waits, not the other way', () => {
    for (const order of [
      ['shutdownWhenFlushed', 'closeWhenFlushed'],
      ['closeWhenFlushed', 'shutdownWhenFlushed'],
    ] as const) {
      const it = scriptedConnection(0);
      send(it, 'a');
      for (const close of order) it.connection[close]();
      it.connection.flush();
      expect(it.log.slice(1)).toEqual(['write:a', 'close']);
    }
  });

  test('terminate comes at once, and what waits is lost', () => {
    const it = scriptedConnection(1);
    send(it, 'abc');
    it.connection.closeWhenFlushed();
    it.connection.terminate();
    expect([it.connection.backedUp, it.connection.flush(), it.log]).toEqual([false, true, ['write:a', 'terminate']]);
  });
});

test('pause and resume reach the socket once each', () => {
  const it = scriptedConnection();
  it.connection.resume();
  it.connection.pause();
  it.connection.pause();
  it.connection.resume();
  it.connection.resume();
  expect(it.log).toEqual(['pause', 'resume']);
});

test('bytes arrive in order and complete, whatever the kernel takes, with the FIN behind them', () => {
  const step = fc.oneof(
    fc.record({ text: fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', 'c') }), owned: fc.boolean() }),
    fc.constant('flush' as const),
  );
  const scripts = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), scripts, (steps, script) => {
      const it = scriptedConnection(...script);
      let want = '';
      for (const each of steps) {
        if (each === 'flush') expect(it.connection.flush()).toBe(!it.connection.backedUp);
        else {
          want += each.text;
          expect(send(it, each.text, each.owned)).toBe(!it.connection.backedUp);
        }
        // Nothing waits without need, nothing is forgotten, nothing is sent twice.
        expect(want.startsWith(it.sent())).toBe(true);
        if (!it.connection.backedUp) expect(it.sent()).toBe(want);
      }
      it.connection.shutdownWhenFlushed();
      it.script.length = 0;
      expect(it.connection.flush()).toBe(true);
      expect([it.sent(), it.log.at(-1), it.log.filter((what) => what === 'shutdown').length]).toEqual([
        want,
        'shutdown',
        1,
      ]);
    }),
    { numRuns: 500 },
  );
});
