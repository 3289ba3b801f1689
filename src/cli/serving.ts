import { type Admin, type AdminDeps, startAdmin } from '../admin/admin.ts';
import type { Config } from '../config/config.ts';
import { formatLine, logEvents } from '../server/event-log.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import { keepState, readState, type StateKeeper } from '../server/state-file.ts';
import { surviveExceptions } from './exceptions.ts';
import { inTurn } from './in-turn.ts';
import { type CliIo, exitCodes } from './io.ts';
import { reportToLauncher } from './launcher-report.ts';
import { announce, firstSteps } from './listening-lines.ts';
import { watchSignals } from './signals.ts';
import { createSystem, programVersion, runtimeName, type System } from './system.ts';
import { runningHere } from './takeover.ts';

/** What `run`, `serve` and `demo` have started. */
export interface Serving {
  readonly server: RunningServer;
  readonly admin: Admin | undefined;
  /** Ends everything at once; after a drain, what is left. Resolves when nothing runs any more. */
  close(): Promise<void>;
}

/** What a configuration that comes by the admin API is read beside. */
export type ConfigPlace = Pick<AdminDeps, 'configFile' | 'env'>;

const NOWHERE: ConfigPlace = { configFile: 'configuration', env: {} };

/**
 * The admin server comes first, so that `/readyz` can tell that we are starting; with `takeover` last, for its address is
 * the former process's until that has ended. Rejects when something cannot be bound.
 */
export async function startServing(config: Config, system: System, place = NOWHERE): Promise<Serving> {
  const { deps } = system;
  const { events, wallClock } = deps;
  let server: RunningServer | undefined;
  const build = { version: programVersion(), runtime: runtimeName(), transport: deps.transport.name };
  const now = () => deps.clock.now();
  let haveStarted = () => {};
  const started = new Promise<void>((resolve) => (haveStarted = resolve));
  const adminDeps = { server: () => server, started, build, events, now, wallClock, ...place };
  const former = deps.takeover === true ? runningHere(config) : undefined;
  let admin = config.admin && former === undefined ? await startNamedAdmin(config.admin, adminDeps) : undefined;
  let keeper: StateKeeper | undefined;
  try {
    ({ server, keeper } = await startWithState(config, system));
  } catch (error) {
    admin?.close();
    system.close();
    throw error;
  } finally {
    haveStarted();
  }
  for (const pid of former ?? []) endPolitely(pid);
  const waiting = config.admin && former && startAdminLater(config.admin, adminDeps, (late) => (admin = late));
  const running = server;
  return {
    server,
    get admin() {
      return admin;
    },
    async close() {
      waiting?.();
      admin?.close();
      await keeper?.close();
      await running.close();
      system.close();
    },
  };
}

/** It may have ended by itself meanwhile. */
function endPolitely(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const ADMIN_RETRY_MS = 100;

/** Tries until the address is free; returns how to stop that. */
function startAdminLater(
  options: Parameters<typeof startAdmin>[0],
  deps: AdminDeps,
  started: (admin: Admin) => void,
): () => void {
  const timer = setInterval(() => {
    startAdmin(options, deps).then(
      (admin) => {
        clearInterval(timer);
        started(admin);
      },
      // In use still.
      () => {},
    );
  }, ADMIN_RETRY_MS);
  return () => clearInterval(timer);
}

/** Nothing is served before what an earlier run left is in force. */
async function startWithState(config: Config, { deps }: System) {
  const { stateFile: path } = config;
  if (path === undefined) return { server: await startServer(config, deps), keeper: undefined };
  const { scheduler, wallClock, events } = deps;
  const read = await readState(path);
  if ('problem' in read) events.emit({ at: wallClock(), kind: 'state-failed', reason: read.problem });
  const server = await startServer(config, deps, read.kind === 'state' ? read.state : undefined);
  if (read.kind === 'unreadable') return { server, keeper: undefined };
  const kept = { isForeign: read.kind === 'foreign', ...(read.kind === 'state' && { written: read.text }) };
  return { server, keeper: keepState(server, { path, scheduler, wallClock, ...kept }) };
}

async function startNamedAdmin(...args: Parameters<typeof startAdmin>): Promise<Admin> {
  try {
    return await startAdmin(...args);
  } catch (error) {
    throw new Error(`admin: ${(error as Error).message}`, { cause: error });
  }
}

/** Where the configuration came from, to be read again. */
export interface ConfigSource {
  readonly file: string;
  /** Undefined when it cannot be served; what is wrong has been said. */
  read(): Promise<Config | undefined>;
  /** Calls `onChange` when it may be another one; returns how to stop that. */
  watch?(onChange: () => void): () => void;
}

export interface ServeOptions {
  /** Absent: there is nothing to read again. */
  readonly source?: ConfigSource;
  /** Serve beside the processes of ours that listen there already, and end them. */
  readonly takeover?: boolean;
  /** A person at a terminal is told what to try first. */
  readonly guide?: boolean;
}

/** Serves until a signal ends it: 0 after a drain, 1 when it could not start or was told twice to end. SIGHUP reads the source again. */
export async function serveUntilStopped(config: Config, io: CliIo, options: ServeOptions = {}): Promise<number> {
  const system = createSystem({ takeover: options.takeover === true });
  const log: Log = (level, message) => io.stderr(formatLine(Date.now(), level, message));
  const writeEarly = logAfterwards(system, io);
  const reloading = reloadingOf(options.source, log);
  let reopenLogs = () => {};
  const signals = watchSignals(
    process,
    () => performance.now(),
    () => reloading.reload(),
    () => reopenLogs(),
  );
  // Nothing else may be open while the last connections end.
  const alive = setInterval(() => {}, 2 ** 30);
  let stop = () => {};
  try {
    const place = { configFile: options.source?.file ?? NOWHERE.configFile, env: io.env };
    const serving = await startServing(config, system, place);
    reopenLogs = () => serving.server.reopenLogs();
    reloading.begin(serving.server, system);
    stop = accompany(serving.server, io, log, options.source?.watch?.(reloading.reload));
    io.stdout(announce(config, serving.server, serving.admin?.address));
    if (options.guide === true && io.person) io.stderr(firstSteps(serving.server, serving.admin?.address));
    writeEarly();
    for (const note of system.deps.transport.notes ?? []) log('warn', note);
    await signals.stop;
    const ended = await Promise.race([serving.server.drain(), signals.force.then(() => 'forced' as const)]);
    await serving.close();
    return ended === 'forced' ? exitCodes.failed : exitCodes.done;
  } catch (error) {
    writeEarly();
    io.stderr(`equipoise: ${(error as Error).message}\n`);
    return exitCodes.failed;
  } finally {
    stop();
    clearInterval(alive);
    signals.close();
  }
}

/** Reads the configuration again when told, also where that was while the program started. */
function reloadingOf(source: ConfigSource | undefined, log: Log) {
  let isDue = false;
  let reload = () => {
    isDue = true;
  };
  return {
    reload(): void {
      if (source === undefined) log('info', 'SIGHUP: there is no file to read again');
      else reload();
    },
    begin(server: RunningServer, system: System): void {
      if (source === undefined) return;
      // One after the other: of two readings the later one is the one that counts.
      reload = inTurn(() => reloadFrom(source, server, system));
      if (isDue) reload();
    },
  };
}

type Log = (level: 'info' | 'warn' | 'error', message: string) => void;

/** Who listens is the first thing to be read, on stdout; what happened meanwhile is written when the result is called. */
function logAfterwards({ deps }: System, io: CliIo): () => void {
  let early: string[] | undefined = [];
  const write = (line: string) => void (early?.push(line) ?? io.stderr(line));
  logEvents(deps.events, write, (event) => event.kind !== 'listening');
  return () => {
    const lines = early ?? [];
    early = undefined;
    for (const line of lines) io.stderr(line);
  };
}

/** What goes on beside a server; returns how to end it. */
function accompany(server: RunningServer, io: CliIo, log: Log, stopWatching = () => {}): () => void {
  const stopSurviving = surviveExceptions(log);
  const stopReporting = reportToLauncher(io.env, () => server.openConnections);
  return () => {
    stopReporting();
    stopWatching();
    stopSurviving();
  };
}

/** Never rejects: what keeps a configuration from being served is an event. */
async function reloadFrom(source: ConfigSource, server: RunningServer, { deps }: System): Promise<void> {
  try {
    const config = await source.read();
    if (config !== undefined) await server.reload(config);
    else deps.events.emit({ at: deps.wallClock(), kind: 'reload-refused', reason: 'it has mistakes' });
  } catch (error) {
    deps.events.emit({ at: deps.wallClock(), kind: 'reload-refused', reason: (error as Error).message });
  }
}
