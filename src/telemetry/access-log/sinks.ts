import { close, constants, fstatSync, openSync, statSync } from 'node:fs';
import type { BytesSink } from './line-memory.ts';
import { LineWriter, type OnFailure } from './line-writer.ts';

/** What one write keeps whole on a pipe that several threads write to (POSIX: PIPE_BUF is at least 512, Linux has 4096). */
const WHOLE_BYTES = 4096;
const STDOUT = 1;

/** Nobody waits for a pipe that has no reader, or a slow one. */
const APPENDING = constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
const MODE = 0o640;

/**
 * Appends to a file, with O_APPEND: a batch of whole lines is one write, so that several threads share a file. A named pipe will
 * do as well.
 *
 * Errors  throws what opening throws, for a pipe that nobody reads too. Lines wait for a disk that is full; what cannot be written
 *         otherwise is lost.
 */
export function fileSink(path: string, onFailure: OnFailure): BytesSink {
  let descriptor = openToAppend(path);
  const isFile = fstatSync(descriptor).isFile();
  const pieceBytes = isFile ? Number.POSITIVE_INFINITY : WHOLE_BYTES;
  const writer = new LineWriter({ descriptor: () => descriptor, pieceBytes, mayBeTorn: isFile, onFailure });
  let isOpen = true;
  return {
    write: (lines, done) => writer.write(lines, done),
    reopen() {
      const former = descriptor;
      try {
        descriptor = openToAppend(path);
      } catch (error) {
        onFailure(`${path} cannot be opened again, the former file goes on: ${(error as Error).message}`);
        return;
      }
      writer.reopened();
      writer.whenIdle(() => close(former));
    },
    close() {
      writer.close();
      if (isOpen) writer.whenIdle(() => close(descriptor));
      isOpen = false;
    },
  };
}

/** A file to be read as well, if that is allowed: how it ends is looked at. A pipe that we read would never miss its reader. */
function openToAppend(path: string): number {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() !== false;
  if (!isFile) return openSync(path, APPENDING | constants.O_WRONLY, MODE);
  try {
    return openSync(path, APPENDING | constants.O_RDWR, MODE);
  } catch {
    return openSync(path, APPENDING | constants.O_WRONLY, MODE);
  }
}

export function stdoutSink(onFailure: OnFailure): BytesSink {
  const writer = new LineWriter({
    descriptor: () => STDOUT,
    pieceBytes: WHOLE_BYTES,
    mayBeTorn: false,
    onFailure,
  });
  return { write: (lines, done) => writer.write(lines, done), close: () => writer.close() };
}
