import type { EventEmitter } from 'node:events';

export interface StopSignals {
  /** The first SIGTERM or SIGINT: end politely. */
  readonly stop: Promise<void>;
  /** A second one: end at once. */
  readonly force: Promise<void>;
  /** Signals have their usual effect again. */
  close(): void;
}

const STOPPING = ['SIGTERM', 'SIGINT'] as const;
/** Ctrl-C may arrive twice, from the terminal and from the launcher. */
const REPEAT_MS = 200;

/** `source` is the process; `now` gives milliseconds. */
export function watchSignals(
  source: EventEmitter,
  now: () => number,
  onHangup: () => void,
  onReopen: () => void = () => {},
): StopSignals {
  let resolveStop = () => {};
  let resolveForce = () => {};
  const stop = new Promise<void>((resolve) => (resolveStop = resolve));
  const force = new Promise<void>((resolve) => (resolveForce = resolve));
  let stoppedAt = Number.NaN;

  function onStop(): void {
    if (Number.isNaN(stoppedAt)) {
      stoppedAt = now();
      resolveStop();
    } else if (now() - stoppedAt > REPEAT_MS) {
      resolveForce();
    }
  }

  for (const signal of STOPPING) source.on(signal, onStop);
  source.on('SIGHUP', onHangup);
  source.on('SIGUSR2', onReopen);
  return {
    stop,
    force,
    close() {
      for (const signal of STOPPING) source.off(signal, onStop);
      source.off('SIGHUP', onHangup);
      source.off('SIGUSR2', onReopen);
    },
  };
}
