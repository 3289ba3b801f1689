import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that a benchmark started. */
export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly command: readonly string[];
  /** File that holds everything the program wrote. */
  readonly log: string;
  /** Resolves with the exit code. */
  readonly exited: Promise<number>;
  running(): boolean;
  /** Asks the program and its children to end, and kills what is left after 3 s. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly name: string;
  readonly command: readonly string[];
  /** CPU to run on; absent: any. */
  readonly core?: number | undefined;
  readonly directory: string;
}

const STOP_MS = 3000;
const started = new Set<Program>();
const directories = new Set<string>();

/** Starts a program with its output in a file. It is ended when the benchmark ends, by whatever way. */
export function startProgram(options: StartOptions): Program {
  endEverythingAtExit();
  const command = [...pinning(options.core), ...options.command];
  const log = join(options.directory, `${options.name}.log`);
  const output = openSync(log, 'a');
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: output, stderr: output });
  closeSync(output);
  const program: Program = {
    name: options.name,
    pid: child.pid,
    command,
    log,
    exited: child.exited,
    running: () => child.exitCode === null && child.signalCode === null,
    stop: () => stop(program),
  };
  started.add(program);
  return program;
}

/** Runs a program to its end and gives what it printed. Throws when it fails. */
export async function runProgram(command: readonly string[], core?: number): Promise<string> {
  endEverythingAtExit();
  const child = Bun.spawn([...pinning(core), ...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const program: Program = {
    name: command[0] ?? '',
    pid: child.pid,
    command,
    log: '',
    exited: child.exited,
    running: () => child.exitCode === null && child.signalCode === null,
    stop: () => stop(program),
  };
  started.add(program);
  const [output, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const code = await child.exited;
  started.delete(program);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${errors.trim() || output.trim()}`);
  return output + errors;
}

function pinning(core: number | undefined): string[] {
  return core === undefined ? [] : ['taskset', '-c', String(core)];
}

/** The process ids below `pid`, at any depth. */
export function descendants(pid: number): number[] {
  const children = listTasks(pid).flatMap((task) => readChildren(pid, task));
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function listTasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function readChildren(pid: number, task: string): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

async function stop(program: Program): Promise<void> {
  // A killed parent leaves its children behind, so the tree is listed before the first signal.
  const tree = [program.pid, ...descendants(program.pid)];
  if (program.running()) signal(program.pid, 'SIGTERM');
  await Promise.race([program.exited, Bun.sleep(STOP_MS)]);
  if (program.running()) tree.push(...descendants(program.pid));
  for (const pid of program.running() ? tree : tree.slice(1)) signal(pid, 'SIGKILL');
  await program.exited;
  const deadline = performance.now() + STOP_MS;
  while (tree.some(runs) && performance.now() < deadline) await Bun.sleep(5);
  started.delete(program);
}

/** Whether a process runs; one that ended and was not yet collected by its parent does not. */
export function runs(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !'ZX'.includes(stat[stat.lastIndexOf(')') + 2] ?? 'X');
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

/** A fresh directory, removed when the benchmark ends. */
export function temporaryDirectory(): string {
  endEverythingAtExit();
  const directory = mkdtempSync(join(tmpdir(), 'equipoise-bench-'));
  directories.add(directory);
  return directory;
}

let armed = false;

function endEverythingAtExit(): void {
  if (armed) return;
  armed = true;
  process.on('exit', endEverything);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit(130));
}

function endEverything(): void {
  for (const program of started) {
    if (!program.running()) continue;
    for (const pid of [...descendants(program.pid), program.pid]) signal(pid, 'SIGKILL');
  }
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}

/** Waits until `ready` holds. Throws with the program's output when it ends before, or after `timeoutMs`. */
export async function untilReady(program: Program, ready: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await ready())) {
    const reason = program.running() ? `was not ready within ${timeoutMs} ms` : 'ended';
    if (!program.running() || performance.now() > deadline) {
      throw new Error(`${program.name} ${reason}. It wrote:\n${readFileSync(program.log, 'utf8').slice(-4000)}`);
    }
    await Bun.sleep(20);
  }
}

/** Whether a request gets a 2xx. */
export async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/** Whether a TCP connection is accepted. */
export async function acceptsTcp(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {}, error() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}
