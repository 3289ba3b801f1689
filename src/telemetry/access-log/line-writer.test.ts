import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeLines } from '../testing/lines.ts';
import { LineWriter } from './line-writer.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'line-writer-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

type Written = (error: NodeJS.ErrnoException | null, written: number) => void;

/** A file system that takes so many bytes of each write in turn, or fails with a code; then everything. */
function setUp(turns: (number | string)[], mayBeTorn = false) {
  const files: string[] = [];
  const reasons: string[] = [];
  let descriptor = 0;
  const write = (fd: number, bytes: Uint8Array, at: number, length: number, _: null, done: Written) => {
    const turn = turns.shift() ?? length;
    if (typeof turn === 'string') return setImmediate(done, Object.assign(new Error(turn), { code: turn }), 0);
    const taken = Math.min(turn, length);
    files[fd] = (files[fd] ?? '') + new TextDecoder().decode(bytes.subarray(at, at + taken));
    return setImmediate(done, null, taken);
  };
  const writer = new LineWriter({
    ...{ descriptor: () => descriptor, pieceBytes: 1000, mayBeTorn, write: write as never },
    onFailure: (reason) => reasons.push(reason),
  });
  return {
    ...{ files, reasons, writer },
    reopen(): void {
      descriptor++;
      writer.reopened();
    },
    write: (lines: string) => writeLines(writer, lines),
  };
}

describe('where there is no room', () => {
  test.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('%s: the rest of a torn line comes first', async (code) => {
    const { write, files, reasons } = setUp([5, code, code, 1]);
    expect(await write('aaa\nbbb\nccc\n')).toBe(0);
    expect(await write('ddd\n')).toBe(0);
    expect([files, reasons.length]).toEqual([['aaa\nbbb\nccc\nddd\n'], 1]);
  });

  test('another file is begun with a whole line; the torn one is lost', async () => {
    const { write, files, reopen, reasons } = setUp([5, 'ENOSPC', 'ENOSPC']);
    const written = write('aaa\nbbb\nccc\n');
    while (reasons.length === 0) await new Promise(setImmediate);
    reopen();
    expect(await written).toBe(1);
    expect(files).toEqual(['aaa\nb', 'ccc\n']);
  });

  test('what waits at the end is lost, and what comes then', async () => {
    const { write, writer, reasons } = setUp([5, 'ENOSPC']);
    const written = write('aaa\nbbb\nccc\n');
    while (reasons.length === 0) await new Promise(setImmediate);
    writer.close();
    expect([await written, await write('ddd\neee\n')]).toEqual([2, 2]);
  });
});

test('a pipe that takes nothing is not tried again when it is closed within a write', async () => {
  const { write, writer, files } = setUp(['EAGAIN', 'EAGAIN']);
  const written = write('aaa\nbbb\n');
  // The first write is under way.
  writer.close();
  expect([await written, files]).toEqual([2, []]);
});

test('what fails otherwise is lost, told once in a row, and the next line stands alone', async () => {
  const { write, files, reasons } = setUp([5, 'EIO', 'EIO']);
  expect([await write('aaa\nbbb\nccc\n'), await write('ddd\n'), await write('eee\n')]).toEqual([2, 1, 0]);
  expect([files, reasons.length]).toEqual([['aaa\nb\neee\n'], 1]);
});

/** A real file, and a writer of it. */
function openFile(content: string) {
  const path = join(folder, 'a.log');
  writeFileSync(path, content);
  const fd = openSync(path, 'a+');
  const writer = new LineWriter({
    ...{ descriptor: () => fd, pieceBytes: 1000, mayBeTorn: true },
    onFailure: (reason) => {
      throw new Error(reason);
    },
  });
  return {
    path,
    write: (lines: string) => writeLines(writer, lines),
    end: () => writer.close(),
    close: () => closeSync(fd),
  };
}

describe('a file that ends within a line', () => {
  test('of another thread is waited for until that has finished it', async () => {
    const { path, write, close } = openFile('{"a":');
    const written = write('{"b":1}\n');
    writeFileSync(path, '1}\n', { flag: 'a' });
    expect(await written).toBe(0);
    close();
    expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"b":1}\n');
  });

  test('is waited for no longer at the end, and nothing is lost', async () => {
    const { path, write, end, close } = openFile('{"a":');
    const written = write('{"b":1}\n');
    end();
    expect(await written).toBe(0);
    close();
    expect(readFileSync(path, 'utf8')).toBe('{"a":\n{"b":1}\n');
  });

  test('that nobody finishes is ended', async () => {
    const { path, write, close } = openFile('{"a":');
    expect([await write('{"b":1}\n'), await write('{"c":1}\n')]).toEqual([0, 0]);
    close();
    expect(readFileSync(path, 'utf8')).toBe('{"a":\n{"b":1}\n{"c":1}\n');
  });
});
