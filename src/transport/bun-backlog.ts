/**
 * Bun listens with a backlog of 512 whatever it is told; `listen(2)` called again on the same descriptor widens it.
 * This is the only use of FFI, guarded by a self-test: without it the server runs with 512 and says so.
 */

import { LISTEN_BACKLOG } from './listen-backlog.ts';

export interface ListenBacklog {
  /** What the self-test found; absent when the backlog can be widened. */
  readonly note?: string;
  /** Widens the backlog of a listener; returns what to log when it could not. */
  widen(listener: object): string | undefined;
}

type ListenCall = (descriptor: number, backlog: number) => number;

export function openListenBacklog(openLibrary: () => ListenCall = openLibc): ListenBacklog {
  let call: ListenCall;
  try {
    call = openLibrary();
    // No descriptor has the number -1: anything but a failure means that this is not listen(2).
    if (call(-1, LISTEN_BACKLOG) !== -1) throw new Error('listen(-1) did not fail');
  } catch (error) {
    const note = `listen backlog stays at 512: ${error instanceof Error ? error.message : String(error)}`;
    return { note, widen: () => undefined };
  }
  return { widen: (listener) => widen(call, (listener as { fd?: unknown }).fd) };
}

function widen(call: ListenCall, descriptor: unknown): string | undefined {
  if (typeof descriptor !== 'number' || descriptor < 0) return 'listen backlog stays at 512: no descriptor is exposed';
  return call(descriptor, LISTEN_BACKLOG) === 0 ? undefined : 'listen backlog stays at 512: listen(2) failed';
}

/** `process.getBuiltinModule` instead of an import, so that Node can load this file. */
function openLibc(): ListenCall {
  const { dlopen } = process.getBuiltinModule('bun:ffi' as never) as typeof import('bun:ffi');
  let failure: unknown;
  for (const name of libcNames()) {
    try {
      return dlopen(name, { listen: { args: ['i32', 'i32'], returns: 'i32' } }).symbols.listen;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function libcNames(): string[] {
  if (process.platform === 'darwin') return ['libSystem.B.dylib'];
  const musl = process.arch === 'arm64' ? 'libc.musl-aarch64.so.1' : 'libc.musl-x86_64.so.1';
  return ['libc.so.6', musl];
}
