import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { freePort } from '../../harness/sockets.ts';
import { type FaultName, isDisabling } from './faults.ts';
import type { Outage } from './judge.ts';

/** An endpoint: a process that can be made to fail in any way and tells afterwards what reached it. */
export interface Origin {
  readonly port: number;
  /** When it could not serve, or not well; the last one may be under way (`toMs` infinite). */
  readonly outages: readonly Outage[];
  /** SIGKILL. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: the kernel accepts connections and bytes, nobody answers. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Starts it again, on the same port. */
  restart(): Promise<void>;
  become(fault: FaultName): Promise<void>;
  /** Everything it noted, in all its lives. */
  notes(): OriginNote[];
  stop(): Promise<void>;
}

export interface OriginNote {
  readonly atMs: number;
  readonly what: 'head' | 'request' | 'begun' | 'answered' | 'failed' | 'violation';
  readonly id: string;
}

const PROGRAM = join(import.meta.dirname, 'origin-process.ts');
const running = new Set<ChildProcess>();
// A frozen process would survive the end of its standard input.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts an endpoint on a port of its own, below those that outgoing connections take. */
export async function startOrigin(directory: string, name: string): Promise<Origin> {
  const origin = new OriginProcess(await freePort(), join(directory, `${name}.log`));
  await origin.restart();
  return origin;
}

class OriginProcess implements Origin {
  readonly port: number;
  readonly outages: Outage[] = [];
  readonly #log: string;
  #child: ChildProcess | undefined;
  #lines: Interface | undefined;
  #exited: Promise<unknown> = Promise.resolve();

  constructor(port: number, log: string) {
    this.port = port;
    this.#log = log;
  }

  async restart(): Promise<void> {
    const args = [PROGRAM, String(this.port), this.#log];
    const env = { ...process.env, BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0' };
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env });
    this.#child = child;
    running.add(child);
    child.stdin!.on('error', () => {});
    this.#exited = new Promise((resolve) => child.once('exit', resolve)).then(() => running.delete(child));
    this.#lines = createInterface({ input: child.stdout! });
    await this.#line('listening');
    this.#end();
  }

  async kill(): Promise<void> {
    this.#begin();
    this.#child!.kill('SIGKILL');
    await this.#exited;
  }

  freeze(): void {
    this.#begin();
    this.#child!.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child!.kill('SIGCONT');
    this.#end();
  }

  async become(fault: FaultName): Promise<void> {
    if (isDisabling(fault)) this.#begin();
    this.#child!.stdin!.write(`fault ${fault}\n`);
    await this.#line(`fault ${fault}`);
    if (!isDisabling(fault)) this.#end();
  }

  notes(): OriginNote[] {
    if (!existsSync(this.#log)) return [];
    const lines = readFileSync(this.#log, 'utf8').trimEnd().split('\n').filter(Boolean);
    return lines.map((line) => {
      const [atMs, what, id] = line.split(' ');
      return { atMs: Number(atMs), what: what as OriginNote['what'], id: id! };
    });
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  #begin(): void {
    this.#end();
    this.outages.push({ fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY });
  }

  #end(): void {
    const last = this.outages.at(-1);
    if (last?.toMs === Number.POSITIVE_INFINITY) this.outages[this.outages.length - 1] = { ...last, toMs: Date.now() };
  }

  #line(wanted: string): Promise<void> {
    const child = this.#child!;
    return new Promise((resolve, reject) => {
      const onLine = (line: string): void => {
        if (line !== wanted) return;
        this.#lines!.off('line', onLine);
        child.off('exit', onExit);
        resolve();
      };
      const onExit = (): void => reject(new Error(`the endpoint ended before it said "${wanted}"`));
      this.#lines!.on('line', onLine);
      child.once('exit', onExit);
    });
  }
}
