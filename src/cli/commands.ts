import { extname } from 'node:path';
import { proposal } from '../core/kernel/proposal.ts';
import { check, checkOptions } from './check.ts';
import type { Command } from './command.ts';
import { completions, completionsOptions, shells } from './completions.ts';
import { demo, demoOptions } from './demo.ts';
import { explain, explainOptions } from './explain.ts';
import { init, initOptions } from './init.ts';
import { type CliIo, exitCodes } from './io.ts';
import { drain, drainOptions } from './operations/drain.ts';
import { maintenance, ready } from './operations/mode.ts';
import { adminOptions } from './operations/operation-arguments.ts';
import { status, statusOptions } from './operations/status.ts';
import { weight } from './operations/weight.ts';
import { plan, planOptions } from './plan.ts';
import { run, runOptions } from './run.ts';
import { schema, schemaOptions } from './schema.ts';
import { serve, serveOptions } from './serve.ts';
import { programVersion, runtimeName } from './system.ts';
import { top, topOptions } from './top.ts';

/** What `loadConfig` reads. */
const configFiles = { files: ['yaml', 'yml', 'json', 'ts', 'mts', 'js', 'mjs'] };

const commands: readonly Command[] = [
  {
    name: 'demo',
    parameters: '',
    summary: 'backends, traffic and live numbers, to see it at work',
    options: demoOptions,
    start: demo,
  },
  {
    name: 'init',
    parameters: '',
    summary: 'write a first configuration, from a few answers',
    options: initOptions,
    start: init,
  },
  {
    name: 'run',
    parameters: '<config>',
    words: configFiles,
    summary: 'serve what a configuration says',
    options: runOptions,
    start: run,
  },
  {
    name: 'serve',
    parameters: '<target…>',
    summary: 'balance between targets, without a configuration',
    options: serveOptions,
    start: serve,
  },
  {
    name: 'check',
    parameters: '<config>',
    words: configFiles,
    summary: 'report every mistake in a configuration',
    options: checkOptions,
    start: check,
  },
  {
    name: 'explain',
    parameters: '[<config>] <request>',
    words: configFiles,
    summary: 'say where a request would go, and why',
    options: explainOptions,
    start: explain,
  },
  {
    name: 'plan',
    parameters: '<batch.json>',
    words: { files: ['json'] },
    summary: 'assign the requests of a batch, at the least cost',
    options: planOptions,
    start: plan,
  },
  {
    name: 'schema',
    parameters: '',
    summary: 'print the JSON Schema of the configuration',
    options: schemaOptions,
    start: schema,
  },
  {
    name: 'status',
    parameters: '[<pool>[/<endpoint>]]',
    words: { running: 'pool' },
    summary: 'show the pools of a running program',
    options: statusOptions,
    start: status,
  },
  { name: 'top', parameters: '', summary: 'show a running program live', options: topOptions, start: top },
  {
    name: 'drain',
    parameters: '<pool>/<endpoint>',
    words: { running: 'endpoint' },
    summary: 'give an endpoint nothing new',
    options: drainOptions,
    start: drain,
  },
  {
    name: 'maintenance',
    parameters: '<pool>/<endpoint>',
    words: { running: 'endpoint' },
    summary: 'give an endpoint nothing',
    options: adminOptions,
    start: maintenance,
  },
  {
    name: 'ready',
    parameters: '<pool>/<endpoint>',
    words: { running: 'endpoint' },
    summary: 'take an endpoint back',
    options: adminOptions,
    start: ready,
  },
  {
    name: 'weight',
    parameters: '<pool>/<endpoint> <n>',
    words: { running: 'endpoint' },
    summary: 'set the weight of an endpoint',
    options: adminOptions,
    start: weight,
  },
  {
    name: 'completions',
    parameters: `<${shells.join('|')}>`,
    words: { oneOf: shells },
    summary: 'print what makes a shell complete commands',
    options: completionsOptions,
    start: (argv, io) => completions(argv, io, commands),
  },
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
  if (name === '--version' || name === '-v') return print(io.stdout, `${version()}\n`, exitCodes.done);
  const asksForHelp = name === '--help' || name === '-h' || name === 'help';
  if (asksForHelp && rest[0] === undefined) return print(io.stdout, usage, exitCodes.done);
  const command = asksForHelp ? rest[0]! : name;
  const found = commands.find((each) => each.name === command);
  if (found === undefined) return print(io.stderr, unknown(command, rest), exitCodes.usage);
  try {
    return await found.start(asksForHelp ? ['--help'] : rest, io);
  } catch (error) {
    return print(io.stderr, `equipoise: ${(error as Error).message}\n`, exitCodes.failed);
  }
}

const version = () => `equipoise ${programVersion()} (${runtimeName()})`;

/** Says what was meant, as far as that can be told: another name, or a command that was left out. */
function unknown(name: string, rest: readonly string[]): string {
  const words = [name, ...rest].join(' ');
  if (/^\d{1,5}$|^[\w.-]+:\d{1,5}$/.test(name)) return `${noCommand(name)}; did you mean "equipoise serve ${words}"?\n`;
  if (configFiles.files.includes(extname(name).slice(1))) {
    return `${noCommand(name)}; did you mean "equipoise run ${words}"?\n`;
  }
  const names = commands.map((each) => each.name);
  if (!name.startsWith('-')) return `${noCommand(name)}; ${proposal(name, names)}\n`;
  return `equipoise: there is no option ${name} before a command; ${proposal(name, ['--help', '--version'])}\n`;
}

const noCommand = (name: string) => `equipoise: there is no command "${name}"`;

function print(write: (text: string) => void, text: string, code: number): number {
  write(text);
  return code;
}
