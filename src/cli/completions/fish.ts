import type { Command } from '../command.ts';
import type { Option, RunningNames } from '../options.ts';
import { optionsOf } from './quote.ts';

/** For fish 3. */
export function fishCompletion(commands: readonly Command[]): string {
  const names = commands.map(
    ({ name, summary }) => `complete -c equipoise -n __fish_use_subcommand -a ${name} -d ${quoteFish(summary)}`,
  );
  return [
    '# Completion of equipoise for fish, made by "equipoise completions fish".',
    'function __equipoise_names',
    '  set -l words (commandline -opc)',
    "  if test $argv[1] != listener; and string match -q -- '-*' (commandline -ct); return; end",
    '  begin; $words[1] completions --names $argv[1] -- $words[2..-1]; end 2>/dev/null </dev/null',
    'end',
    'complete -c equipoise -f',
    "complete -c equipoise -n __fish_use_subcommand -l help -d 'more about it'",
    "complete -c equipoise -n __fish_use_subcommand -l version -d 'of this program'",
    ...names,
    ...commands.flatMap(linesOf),
    '',
  ].join('\n');
}

function linesOf(command: Command): string[] {
  const start = `complete -c equipoise -n '__fish_seen_subcommand_from ${command.name}'`;
  const { words } = command;
  const options = optionsOf(command).map(([name, option]) => `${start} ${optionOf(name, option)}`);
  if (words === undefined) return options;
  return [
    ...options,
    `${start} ${'files' in words ? '-F' : `-a ${quoteFish('oneOf' in words ? words.oneOf.join(' ') : askFor(words))}`}`,
  ];
}

function optionOf(name: string, { type, short, values, summary }: Option): string {
  const parts = [`-l ${name}`, short && `-s ${short}`, type === 'string' && offer(values), `-d ${quoteFish(summary)}`];
  return parts.filter(Boolean).join(' ');
}

function offer(values: Option['values']): string {
  if (values === undefined) return '-x';
  if (values === 'file') return '-r -F';
  return `-x -a ${quoteFish('running' in values ? askFor(values) : values.join(' '))}`;
}

const askFor = ({ running }: RunningNames): string => `(__equipoise_names ${running})`;

const quoteFish = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
