import { parentPort, Worker } from 'node:worker_threads';
import type { Thread } from '../server/crewman.ts';
import type { FromWorker, ToWorker } from '../server/worker-messages.ts';
import { runWorkerThread } from '../server/worker-thread.ts';
import { surviveExceptions } from './exceptions.ts';
import { createSystem } from './system.ts';

/** The program itself: in a thread it is a worker. Beside this file, be it source or built. */
const PROGRAM = new URL(import.meta.url.replace(/worker(\.[jt]s)$/, 'main$1'));

/** Starts a thread that serves as one of several workers. */
export function spawnThread(): Thread {
  const worker = new Worker(PROGRAM);
  let failure: string | undefined;
  worker.on('error', (error: unknown) => {
    failure = error instanceof Error ? error.message : String(error);
  });
  return {
    post: (message: ToWorker) => worker.postMessage(message),
    onMessage: (listener: (message: FromWorker) => void) => void worker.on('message', listener),
    onExit: (listener) => void worker.once('exit', (code) => listener(failure ?? `its thread ended with code ${code}`)),
    terminate: () => void worker.terminate(),
  };
}

/** Serves as a worker, in a thread that `spawnThread` started. */
export function runWorker(): void {
  const port = parentPort!;
  const { deps } = createSystem();
  surviveExceptions((_, message) =>
    port.postMessage({ kind: 'happened', what: { kind: 'exception', error: message } }),
  );
  runWorkerThread(
    {
      post: (message) => port.postMessage(message),
      onMessage: (listener) => void port.on('message', listener),
      exit: () => process.exit(1),
    },
    deps,
  );
}
