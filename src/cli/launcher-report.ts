import { write } from 'node:fs';

const EVERY_MS = 1000;

/**
 * Tells the launcher, if one has started us, that we serve, and every second how many connections would be lost with us: a
 * line each, down the pipe that EQUIPOISE_REPORT_FD names. Returns how to stop it.
 */
export function reportToLauncher(
  env: Readonly<Record<string, string | undefined>>,
  openConnections: () => number,
): () => void {
  const descriptor = Number(env['EQUIPOISE_REPORT_FD']);
  if (!Number.isInteger(descriptor) || descriptor < 3) return () => {};
  let told = -1;
  let isWriting = false;
  function tell(): void {
    const count = openConnections();
    // A launcher that is stopped must not stop us.
    if (count === told || isWriting) return;
    told = count;
    isWriting = true;
    write(descriptor, `${count}\n`, (error) => {
      isWriting = false;
      if (error !== null) clearInterval(timer);
    });
  }
  const timer = setInterval(tell, EVERY_MS);
  timer.unref();
  tell();
  return () => clearInterval(timer);
}
