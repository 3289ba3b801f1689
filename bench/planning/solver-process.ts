import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface SolveRequest {
  /** Float64, row-major, little-endian. */
  readonly file: string;
  readonly rows: number;
  readonly columns: number;
  /** Times measured, of which the least counts. */
  readonly samples: number;
  /** Solutions in each. */
  readonly repeats: number;
}

export interface SolveAnswer {
  readonly ms: number;
  readonly total: number;
}

/** A solver in a process of its own, asked a line at a time. */
export interface SolverProcess {
  readonly version: string;
  solve(request: SolveRequest): Promise<SolveAnswer>;
  stop(): void;
}

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** The first Python that has SciPy; undefined where there is none. */
export function findScipy(): string | undefined {
  const candidates = ['python3', '/usr/bin/python3'];
  return candidates.find(
    (python) => spawnSync(python, ['-c', 'import scipy.optimize'], { stdio: 'ignore' }).status === 0,
  );
}

export const startScipy = (python: string): Promise<SolverProcess> => start(python, pathOf('./scipy_solver.py'));

/** Ours on Node; needs `dist`. */
export const startNode = (): Promise<SolverProcess> => start('node', pathOf('./node-solver.mjs'));

async function start(command: string, script: string): Promise<SolverProcess> {
  const child = spawn(command, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function answer(): Promise<Record<string, unknown>> {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${command} ${script} has ended`);
    return JSON.parse(value as string) as Record<string, unknown>;
  }
  const { version } = (await answer()) as { version: string };
  return {
    version,
    async solve(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return (await answer()) as unknown as SolveAnswer;
    },
    stop: () => void child.kill(),
  };
}
