import type { Command } from '../command.ts';
import type { Option } from '../options.ts';
import { optionsOf } from './quote.ts';

/** For fish 3. */
export function fishCompletion(commands: readonly Command[]): string {
  const names = commands.map(
    ({ name, summary }) => `complete -c equipoise -n __fish_use_subcommand -a ${name} -d ${quoteFish(summary)}`,
  );
  return [
    '# Completion of equipoise for fish, made by "equipoise completions fish".',
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
  return [...options, `${start} ${'oneOf' in words ? `-a ${quoteFish(words.oneOf.join(' '))}` : '-F'}`];
}

function optionOf(name: string, { type, short, values, summary }: Option): string {
  const value = values === undefined ? '-x' : values === 'file' ? '-r -F' : `-x -a ${quoteFish(values.join(' '))}`;
  const parts = [`-l ${name}`, short && `-s ${short}`, type === 'string' && value, `-d ${quoteFish(summary)}`];
  return parts.filter(Boolean).join(' ');
}

const quoteFish = (text: string): string => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
