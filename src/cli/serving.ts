import { type Admin, startAdmin } from '../admin/admin.ts';
import type { Config } from '../config/config.ts';
import { formatLine, logEvents } from '../server/event-log.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import { surviveExceptions } from './exceptions.ts';
import { type CliIo, exitCodes } from './io.ts';
import { announce } from './listening-lines.ts';
import { watchSignals } from './signals.ts';
import { createSystem, programVersion, runtimeName, type System } from './system.ts';

/** What `run`, `serve` and `demo` have started. */
export interface Serving {
  readonly server: RunningServer;
  readonly admin: Admin | undefined;
  /** Ends everything at once; after a drain, what is left. Resolves when nothing runs any more. */
  close(): Promise<void>;
}

/** The admin server comes first, so that `/readyz` can tell that we are starting. Rejects when something cannot be bound. */
export async function startServing(config: Config, system: System): Promise<Serving> {
  const { deps } = system;
  let server: RunningServer | undefined;
  const build = { version: programVersion(), runtime: runtimeName(), transport: deps.transport.name };
  const admin = config.admin && (await startNamedAdmin(config.admin, { server: () => server, build }));
  try {
    server = await startServer(config, deps);
  } catch (error) {
    admin?.close();
    system.close();
    throw error;
  }
  const running = server;
  return {
    server,
    admin,
    async close() {
      admin?.close();
      await running.close();
      system.close();
    },
  };
}

async function startNamedAdmin(...args: Parameters<typeof startAdmin>): Promise<Admin> {
  try {
    return await startAdmin(...args);
  } catch (error) {
    throw new Error(`admin: ${(error as Error).message}`, { cause: error });
  }
}

/** Serves until a signal ends it: 0 after a drain, 1 when it could not start or was told twice to end. */
export async function serveUntilStopped(config: Config, io: CliIo): Promise<number> {
  const system = createSystem();
  const log = (level: 'info' | 'warn' | 'error', message: string) => io.stderr(formatLine(Date.now(), level, message));
  // The lines on stdout tell who listens.
  logEvents(system.deps.events, io.stderr, (event) => event.kind !== 'listening');
  const signals = watchSignals(
    process,
    () => performance.now(),
    () => log('info', 'SIGHUP: reloading is not built yet'),
  );
  // Nothing else may be open while the last connections end.
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    const serving = await startServing(config, system);
    const stopSurviving = surviveExceptions(log);
    io.stdout(announce(config, serving.server, serving.admin?.address));
    for (const note of system.deps.transport.notes ?? []) log('warn', note);
    await signals.stop;
    const ended = await Promise.race([serving.server.drain(), signals.force.then(() => 'forced' as const)]);
    await serving.close();
    stopSurviving();
    return ended === 'forced' ? exitCodes.failed : exitCodes.done;
  } catch (error) {
    io.stderr(`equipoise: ${(error as Error).message}\n`);
    return exitCodes.failed;
  } finally {
    clearInterval(alive);
    signals.close();
  }
}
