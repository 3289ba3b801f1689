import { proposal } from '../core/kernel/proposal.ts';
import { check } from './check.ts';
import { demo } from './demo.ts';
import { explain } from './explain.ts';
import { type CliIo, exitCodes } from './io.ts';
import { drain } from './operations/drain.ts';
import { maintenance, ready } from './operations/mode.ts';
import { status } from './operations/status.ts';
import { weight } from './operations/weight.ts';
import { plan } from './plan.ts';
import { run } from './run.ts';
import { schema } from './schema.ts';
import { serve } from './serve.ts';
import { programVersion, runtimeName } from './system.ts';
import { top } from './top.ts';

interface Command {
  readonly name: string;
  readonly parameters: string;
  readonly summary: string;
  readonly start: (argv: readonly string[], io: CliIo) => Promise<number>;
}

const commands: readonly Command[] = [
  { name: 'demo', parameters: '', summary: 'backends, traffic and live numbers, to see it at work', start: demo },
  { name: 'run', parameters: '<config>', summary: 'serve what a configuration says', start: run },
  { name: 'serve', parameters: '<target…>', summary: 'balance between targets, without a configuration', start: serve },
  { name: 'check', parameters: '<config>', summary: 'report every mistake in a configuration', start: check },
  {
    name: 'explain',
    parameters: '[<config>] <request>',
    summary: 'say where a request would go, and why',
    start: explain,
  },
  {
    name: 'plan',
    parameters: '<batch.json>',
    summary: 'assign the requests of a batch, at the least cost',
    start: plan,
  },
  { name: 'schema', parameters: '', summary: 'print the JSON Schema of the configuration', start: schema },
  {
    name: 'status',
    parameters: '[<pool>[/<endpoint>]]',
    summary: 'show the pools of a running program',
    start: status,
  },
  { name: 'top', parameters: '', summary: 'show a running program live', start: top },
  { name: 'drain', parameters: '<pool>/<endpoint>', summary: 'give an endpoint nothing new', start: drain },
  { name: 'maintenance', parameters: '<pool>/<endpoint>', summary: 'give an endpoint nothing', start: maintenance },
  { name: 'ready', parameters: '<pool>/<endpoint>', summary: 'take an endpoint back', start: ready },
  { name: 'weight', parameters: '<pool>/<endpoint> <n>', summary: 'set the weight of an endpoint', start: weight },
];

const table = commands.map((each) => `  ${`${each.name} ${each.parameters}`.padEnd(30)} ${each.summary}\n`).join('');

const usage = `usage: equipoise <command>

${table}
  <command> --help   more about it
  --version          of this program
`;

/** Runs the command that `argv` names; resolves with the exit code: 0 done, 1 failed, 2 wrong usage. Never rejects. */
export async function dispatch(argv: readonly string[], io: CliIo): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined) return print(io.stderr, usage, exitCodes.usage);
  if (name === '--help' || name === '-h' || name === 'help') return print(io.stdout, usage, exitCodes.done);
  if (name === '--version' || name === '-v') return print(io.stdout, `${version()}\n`, exitCodes.done);
  const command = commands.find((each) => each.name === name);
  if (command === undefined) return print(io.stderr, unknown(name), exitCodes.usage);
  try {
    return await command.start(rest, io);
  } catch (error) {
    return print(io.stderr, `equipoise: ${(error as Error).message}\n`, exitCodes.failed);
  }
}

const version = () => `equipoise ${programVersion()} (${runtimeName()})`;

function unknown(name: string): string {
  const hint = proposal(
    name,
    commands.map((each) => each.name),
  );
  return `equipoise: there is no command "${name}"; ${hint}\n`;
}

function print(write: (text: string) => void, text: string, code: number): number {
  write(text);
  return code;
}
