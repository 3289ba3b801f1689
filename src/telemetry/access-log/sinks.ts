import { createSocket } from 'node:dgram';
import { close, constants, fstatSync, openSync, write } from 'node:fs';
import { hostname } from 'node:os';
import type { LineBytes } from './line-bytes.ts';
import type { BytesSink } from './line-memory.ts';

/** What one write keeps whole on a pipe that several threads write to (POSIX: PIPE_BUF is at least 512, Linux has 4096). */
const WHOLE_BYTES = 4096;
/** A full pipe holds 64 KiB: 32 MB a second go through it. */
const AGAIN_MS = 2;
const STDOUT = 1;
const LF = 10;

/** Hears why lines were lost; once in a row. */
export type OnFailure = (reason: string) => void;

/** Nobody waits for a pipe that has no reader, or a slow one. */
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;
const MODE = 0o640;

/**
 * Appends to a file, with O_APPEND: a batch of whole lines is one write, so that several threads share a file. A named pipe will
 * do as well.
 *
 * Errors  throws what opening throws, for a pipe that nobody reads too; a line that cannot be written is lost.
 */
export function fileSink(path: string, onFailure: OnFailure): BytesSink {
  let descriptor = openSync(path, APPENDING, MODE);
  const pieceBytes = fstatSync(descriptor).isFIFO() ? WHOLE_BYTES : Number.POSITIVE_INFINITY;
  const writer = createWriter(() => descriptor, pieceBytes, onFailure);
  let isOpen = true;
  return {
    write: writer.write,
    reopen() {
      const former = descriptor;
      try {
        descriptor = openSync(path, APPENDING, MODE);
      } catch (error) {
        onFailure(`${path} cannot be opened again, the former file goes on: ${(error as Error).message}`);
        return;
      }
      writer.whenIdle(() => close(former));
    },
    close() {
      if (isOpen) writer.whenIdle(() => close(descriptor));
      isOpen = false;
    },
  };
}

export function stdoutSink(onFailure: OnFailure): BytesSink {
  return { write: createWriter(() => STDOUT, WHOLE_BYTES, onFailure).write, close() {} };
}

/** Writes batch after batch, in pieces of whole lines of at most `pieceBytes`. */
function createWriter(descriptor: () => number, pieceBytes: number, onFailure: OnFailure) {
  let isBusy = false;
  let hasFailed = false;
  let idle: (() => void)[] = [];

  function ended(done: (lost: number) => void, lost: number): void {
    isBusy = false;
    for (const run of idle) run();
    idle = [];
    done(lost);
  }

  function fail(bytes: Uint8Array, from: number, error: NodeJS.ErrnoException, done: (lost: number) => void): void {
    if (!hasFailed) onFailure(`the access log cannot be written: ${error.message}`);
    hasFailed = true;
    let lost = 0;
    for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) lost++;
    ended(done, lost);
  }

  function writeFrom(bytes: Uint8Array, from: number, fd: number, done: (lost: number) => void): void {
    const end = pieceEnd(bytes, from, pieceBytes);
    write(fd, bytes, from, end - from, null, (error, written) => {
      // A pipe whose reader is slow may be non-blocking.
      if (error?.code === 'EAGAIN') setTimeout(writeFrom, AGAIN_MS, bytes, from, fd, done);
      else if (error) fail(bytes, from, error, done);
      else if (from + written < bytes.byteLength) writeFrom(bytes, from + written, fd, done);
      else {
        hasFailed = false;
        ended(done, 0);
      }
    });
  }

  return {
    write({ bytes, length }: LineBytes, done: (lost: number) => void): void {
      isBusy = true;
      writeFrom(bytes.subarray(0, length), 0, descriptor(), done);
    },
    whenIdle: (run: () => void) => void (isBusy ? idle.push(run) : run()),
  };
}

/** Behind the last line that fits; a longer one goes alone. */
function pieceEnd(bytes: Uint8Array, from: number, most: number): number {
  if (bytes.byteLength - from <= most) return bytes.byteLength;
  const lastFitting = bytes.lastIndexOf(LF, from + most - 1);
  if (lastFitting >= from) return lastFitting + 1;
  const next = bytes.indexOf(LF, from);
  return next === -1 ? bytes.byteLength : next + 1;
}

/** Facility local0, severity informational (RFC 5424, section 6.2.1). */
const PRIORITY = 16 * 8 + 6;

/** Sends each line as a message of RFC 5424 in a datagram of its own. What the network loses nobody counts. */
export function syslogSink(host: string, port: number, now: () => Date, onFailure: OnFailure): BytesSink {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  let hasFailed = false;
  let isClosed = false;
  function fail(error: Error): void {
    if (!hasFailed) onFailure(`syslog at ${host}:${port}: ${error.message}`);
    hasFailed = true;
  }
  socket.on('error', fail);
  socket.unref();
  const origin = `${hostname()} equipoise ${process.pid} access -`;
  return {
    write({ bytes, length }, done) {
      const all = Buffer.from(bytes.buffer, bytes.byteOffset, length - 1)
        .toString('utf8')
        .split('\n');
      let left = all.length;
      let lost = 0;
      // A batch that came behind the limit of the end.
      if (isClosed) {
        done(left);
        return;
      }
      for (const line of all) {
        const message = Buffer.from(`<${PRIORITY}>1 ${now().toISOString()} ${origin} ${line}`, 'utf8');
        socket.send(message, port, host, (error) => {
          if (error) {
            lost++;
            fail(error);
          } else hasFailed = false;
          if (--left === 0) done(lost);
        });
      }
    },
    close() {
      isClosed = true;
      socket.close();
    },
  };
}
