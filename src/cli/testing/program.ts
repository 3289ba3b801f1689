import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '..', 'main.ts');

/** The program as a process of its own, on the runtime of the test. */
export interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
  /** Resolves with the match once both outputs together contain it; rejects when the program ends without. */
  sees(pattern: RegExp): Promise<RegExpExecArray>;
  /** The address of a listener, once it is open. */
  url(listener: string): Promise<string>;
}

export function startProgram(args: readonly string[], cwd: string): Program {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let look = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      look();
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });

  function sees(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      look = () => {
        const match = pattern.exec(output);
        if (match !== null) resolve(match);
      };
      look();
      void ended.then(() => reject(new Error(`ended without ${pattern}: ${output}`)));
    });
  }

  const url = async (listener: string) => (await sees(new RegExp(`^listening ${listener} (\\S+) `, 'm')))[1]!;
  return { child, ended, sees, url };
}
