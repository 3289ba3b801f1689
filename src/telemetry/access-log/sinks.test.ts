import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeLines } from '../testing/lines.ts';
import { fileSink } from './sinks.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'access-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fail = (reason: string) => {
  throw new Error(reason);
};

describe('a file', () => {
  test('is appended to by several writers, line by line, readable by its group', async () => {
    const path = join(folder, 'access.log');
    const sinks = [fileSink(path, fail), fileSink(path, fail)];
    await Promise.all(
      sinks.map(async (sink, who) => {
        for (let i = 0; i < 50; i++) expect(await writeLines(sink, `${who} ${'x'.repeat(2000)}\n`.repeat(5))).toBe(0);
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
    const first = writeLines(sink, 'before\n');
    renameSync(path, `${path}.1`);
    sink.reopen!();
    expect(await first).toBe(0);
    await writeLines(sink, 'after\n');
    sink.close();
    expect([readFileSync(`${path}.1`, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['before\n', 'after\n']);
  });

  test('that cannot be opened again is told, and the former goes on', async () => {
    const inner = mkdtempSync(join(folder, 'inner-'));
    const reasons: string[] = [];
    const sink = fileSink(join(inner, 'a'), (reason) => reasons.push(reason));
    rmSync(inner, { recursive: true });
    sink.reopen!();
    expect(await writeLines(sink, 'x\n')).toBe(0);
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
    const written = writeLines(sink, line.repeat(2000)).then(() => {
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

  const hasDisks = canMount();
  test(`${hasDisks ? '' : 'skipped, as no tmpfs may be mounted here: '}on a full disk waits for room, and no line is torn`, async () => {
    if (!hasDisks) return;
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    mount(disk);
    const reasons: string[] = [];
    const sink = fileSink(join(disk, 'a.log'), (reason) => reasons.push(reason));
    try {
      const ballast = join(disk, 'ballast');
      writeFileSync(ballast, Buffer.alloc(40_000));
      let isWritten = false;
      const written = writeLines(sink, linesOf(700)).then((lost) => {
        isWritten = true;
        return lost;
      });
      while (reasons.length === 0) await new Promise((turn) => setTimeout(turn, 1));
      const [text, size] = [readFileSync(join(disk, 'a.log'), 'utf8'), statSync(join(disk, 'a.log')).size];
      // It was cut where a page ends, which is within a line.
      expect([text.endsWith('\n'), size > 10_000, isWritten]).toEqual([false, true, false]);
      rmSync(ballast);
      expect(await written).toBe(0);
      expect(await writeLines(sink, linesOf(1))).toBe(0);
      expect(readFileSync(join(disk, 'a.log'), 'utf8')).toBe(linesOf(700) + linesOf(1));
      expect(reasons).toEqual([expect.stringContaining('ENOSPC')]);
    } finally {
      sink.close();
      await new Promise(setImmediate);
      unmount(disk);
    }
  });

  test.skipIf(!existsSync('/dev/full'))('that is full tells it once, and its lines are lost at the end', async () => {
    const reasons: string[] = [];
    const sink = fileSink('/dev/full', (reason) => reasons.push(reason));
    const written = writeLines(sink, 'a\nb\n');
    while (reasons.length === 0) await new Promise((turn) => setTimeout(turn, 1));
    sink.close();
    expect(await written).toBe(2);
    expect(await writeLines(sink, 'c\n')).toBe(1);
    expect(reasons).toEqual([expect.stringContaining('ENOSPC')]);
  });
});

const mount = (disk: string): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0;
const unmount = (disk: string): unknown => spawnSync('umount', ['-l', disk]);

/** Only root may, where the system lets it. */
function canMount(): boolean {
  const disk = mkdtempSync(join(tmpdir(), 'access-log-disk-'));
  const isMounted = mount(disk);
  if (isMounted) unmount(disk);
  rmSync(disk, { recursive: true });
  return isMounted;
}

const linesOf = (count: number): string =>
  Array.from({ length: count }, (_, i) => `{"line":${i},"x":"${'x'.repeat(40)}"}\n`).join('');
