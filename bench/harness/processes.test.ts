import { existsSync, rmSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { descendants, runProgram, runs, startProgram, temporaryDirectory, untilReady } from './processes.ts';

const directory = temporaryDirectory();
// The test runner ends without the event that removes it.
afterAll(() => rmSync(directory, { recursive: true }));

async function startTree(script: string) {
  const program = startProgram({ name: 'tree', command: ['sh', '-c', script], directory });
  await untilReady(program, async () => descendants(program.pid).length === 1);
  return { program, child: descendants(program.pid)[0]! };
}

test('stopping a program ends its children too', async () => {
  const { program, child } = await startTree('sleep 100 & wait');
  expect(runs(child)).toBe(true);
  await program.stop();
  expect([program.running(), runs(child)]).toEqual([false, false]);
});

test('a program that ends early is reported with its output', async () => {
  const program = startProgram({ name: 'early', command: ['sh', '-c', 'echo no such port; exit 3'], directory });
  await expect(untilReady(program, async () => false)).rejects.toThrow(/early ended[\s\S]*no such port/);
});

test('a failing command is an error', async () => {
  await expect(runProgram(['sh', '-c', 'echo why >&2; exit 2'])).rejects.toThrow('ended with 2: why');
});

test('everything is gone after the benchmark was interrupted', async () => {
  const script = `
    import { startProgram, temporaryDirectory } from '${import.meta.dir}/processes.ts';
    const directory = temporaryDirectory();
    const program = startProgram({ name: 'long', command: ['sleep', '100'], directory });
    console.log(JSON.stringify({ pid: program.pid, directory }));
    setInterval(() => {}, 1000);`;
  const bench = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' });
  const { value } = await bench.stdout.getReader().read();
  const { pid, directory: left } = JSON.parse(new TextDecoder().decode(value)) as { pid: number; directory: string };
  expect(runs(pid)).toBe(true);
  bench.kill('SIGINT');
  expect(await bench.exited).toBe(130);
  while (runs(pid)) await Bun.sleep(1);
  expect(existsSync(left)).toBe(false);
});
