import { proposal } from '../core/kernel/proposal.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import type { Command } from './command.ts';
import { bashCompletion } from './completions/bash.ts';
import { fishCompletion } from './completions/fish.ts';
import { zshCompletion } from './completions/zsh.ts';
import { type CliIo, exitCodes } from './io.ts';
import { usageText } from './options.ts';

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** Shells that there is a script for. */
export const shells = Object.keys(scripts) as (keyof typeof scripts)[];

const completionsUsage = usageText(
  `usage: equipoise completions bash|zsh|fish

Prints a script that makes the shell complete commands, options, files and policies:
  bash   equipoise completions bash > ~/.local/share/bash-completion/completions/equipoise
  zsh    equipoise completions zsh > "\${fpath[1]}/_equipoise"
  fish   equipoise completions fish > ~/.config/fish/completions/equipoise.fish`,
  {},
);

/** `equipoise completions`: 0 printed, 2 wrong usage. `commands` are what is completed. */
export async function completions(argv: readonly string[], io: CliIo, commands: readonly Command[]): Promise<number> {
  const parsed = readArguments(argv, {}, completionsUsage, io);
  if (parsed.kind === 'end') return parsed.code;
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
