import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encoded } from './escaping.ts';
import { LineBytes } from './line-bytes.ts';
import type { BytesSink } from './line-memory.ts';
import { fileSink, syslogSink } from './sinks.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'access-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(sink: BytesSink, lines: string): Promise<number> {
  const bytes = new LineBytes(lines.length + 100);
  bytes.constant(encoded(lines));
  return new Promise((resolve) => sink.write(bytes, resolve));
}
const fail = (reason: string) => {
  throw new Error(reason);
};

describe('a file', () => {
  test('is appended to by several writers, line by line, readable by its group', async () => {
    const path = join(folder, 'access.log');
    const sinks = [fileSink(path, fail), fileSink(path, fail)];
    await Promise.all(
      sinks.map(async (sink, who) => {
        for (let i = 0; i < 50; i++) expect(await write(sink, `${who} ${'x'.repeat(2000)}\n`.repeat(5))).toBe(0);
      }),
    );
    for (const sink of sinks) sink.close();
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    expect(lines).toHaveLength(500);
    expect(lines.every((line) => /^[01] x{2000}$/.test(line))).toBe(true);
    expect(statSync(path).mode & 0o007).toBe(0);
  });

  test('reopened, a new one is begun; what is under way goes to the former', async () => {
    const path = join(folder, 'access.log');
    const sink = fileSink(path, fail);
    const first = write(sink, 'before\n');
    renameSync(path, `${path}.1`);
    sink.reopen!();
    expect(await first).toBe(0);
    await write(sink, 'after\n');
    sink.close();
    expect([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['before\n', 'after\n']);
  });

  test('that cannot be opened again is told, and the former goes on', async () => {
    const inner = mkdtempSync(join(folder, 'inner-'));
    const reasons: string[] = [];
    const sink = fileSink(join(inner, 'a'), (reason) => reasons.push(reason));
    rmSync(inner, { recursive: true });
    sink.reopen!();
    expect(await write(sink, 'x\n')).toBe(0);
    expect(reasons).toEqual([expect.stringContaining('cannot be opened again')]);
    sink.close();
  });

  test('that is a pipe waits for a slow reader, and is refused without one', async () => {
    const path = join(folder, 'pipe');
    spawnSync('mkfifo', [path]);
    expect(() => fileSink(path, fail)).toThrow('ENXIO');
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const sink = fileSink(path, fail);
    const line = `${'x'.repeat(99)}\n`;
    let isWritten = false;
    // More than a pipe holds.
    const written = write(sink, line.repeat(2000)).then(() => {
      isWritten = true;
    });
    const into = Buffer.alloc(50_000);
    let bytes = 0;
    while (bytes < 200_000) {
      await new Promise((turn) => setImmediate(turn));
      try {
        bytes += readSync(reader, into, 0, into.length, null);
      } catch {} // nothing there yet
      if (bytes < 100_000) expect(isWritten).toBe(false);
    }
    await written;
    sink.close();
    closeSync(reader);
  });

  test.skipIf(!existsSync('/dev/full'))('that is full loses lines, tells it once and goes on', async () => {
    const reasons: string[] = [];
    const sink = fileSink('/dev/full', (reason) => reasons.push(reason));
    expect(await write(sink, 'a\nb\n')).toBe(2);
    expect(await write(sink, 'c\n')).toBe(1);
    expect(reasons).toEqual([expect.stringContaining('ENOSPC')]);
    sink.close();
  });
});

test('syslog: each line is a message of RFC 5424', async () => {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const messages: string[] = [];
  const bothCame = new Promise<void>((resolve) => {
    server.on('message', (message) => {
      messages.push(message.toString('utf8'));
      if (messages.length === 2) resolve();
    });
  });
  const sink = syslogSink('127.0.0.1', server.address().port, () => new Date(0), fail);
  expect(await write(sink, '{"a":1}\n{"b":"ü"}\n')).toBe(0);
  await bothCame;
  sink.close();
  server.close();
  const head = /^<134>1 1970-01-01T00:00:00\.000Z \S+ equipoise \d+ access - /;
  expect(messages.every((each) => head.test(each))).toBe(true);
  expect(messages.map((each) => each.replace(head, '')).sort()).toEqual(['{"a":1}', '{"b":"ü"}']);
});
