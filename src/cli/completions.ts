import { proposal } from '../core/kernel/proposal.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import type { Command } from './command.ts';
import { bashCompletion } from './completions/bash.ts';
import { fishCompletion } from './completions/fish.ts';
import { readRunningNames } from './completions/running-names.ts';
import { zshCompletion } from './completions/zsh.ts';
import { type CliIo, exitCodes } from './io.ts';
import { type Options, type RunningNames, runningNames, usageText } from './options.ts';

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** Shells that there is a script for. */
export const shells = Object.keys(scripts) as (keyof typeof scripts)[];

export const completionsOptions = {
  names: {
    type: 'string',
    values: Object.keys(runningNames),
    summary: `for these scripts: names of a running program that could follow <word…>, a line each; ${Object.entries(
      runningNames,
    )
      .map(([kind, what]) => `${kind}: ${what}`)
      .join('; ')}`,
  },
} as const satisfies Options;

const completionsUsage = usageText(
  `usage: equipoise completions bash|zsh|fish
       equipoise completions --names endpoint|pool|listener -- <word…>

Prints a script that makes the shell complete commands, options, files, policies, and the names of pools, endpoints and listeners,
for which it asks the program at --admin or EQUIPOISE_ADMIN:
  bash   equipoise completions bash > ~/.local/share/bash-completion/completions/equipoise
  zsh    equipoise completions zsh > "\${fpath[1]}/_equipoise"
  fish   equipoise completions fish > ~/.config/fish/completions/equipoise.fish`,
  completionsOptions,
);

/** `equipoise completions`: 0 printed, 2 wrong usage. `commands` are what is completed. */
export async function completions(argv: readonly string[], io: CliIo, commands: readonly Command[]): Promise<number> {
  const parsed = readArguments(argv, completionsOptions, completionsUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const { names } = parsed.values;
  if (names !== undefined) return printNames(names, parsed.targets, commands, io);
  const [name, another] = parsed.targets;
  if (name === undefined) return wrongUsage(`completions: for which shell?`, completionsUsage, io);
  if (another !== undefined) return wrongUsage(`completions: unexpected ${another}`, completionsUsage, io);
  const shell = shells.find((each) => each === name);
  if (shell === undefined) {
    return wrongUsage(`completions: no script for "${name}"; ${proposal(name, shells)}`, completionsUsage, io);
  }
  io.stdout(scripts[shell](commands));
  return exitCodes.done;
}

async function printNames(kind: string, words: readonly string[], commands: readonly Command[], io: CliIo) {
  if (!isKind(kind)) {
    const guess = proposal(kind, Object.keys(runningNames));
    return wrongUsage(`completions: no names of "${kind}"; ${guess}`, completionsUsage, io);
  }
  const names = await readRunningNames(kind, words, commands, io);
  io.stdout(names.map((each) => `${each}\n`).join(''));
  return exitCodes.done;
}

const isKind = (kind: string): kind is RunningNames['running'] => Object.hasOwn(runningNames, kind);
