import type { Command } from '../command.ts';
import { helpOption, type Option } from '../options.ts';

/** One word of a shell, whatever is in it; in bash and zsh as they are, in fish where it has no backslash. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The options of a command with the one that all have. */
export const optionsOf = ({ options }: Command): [name: string, option: Option][] =>
  Object.entries({ ...options, help: helpOption });

/** `--header` and `-H`. */
export const spellings = (name: string, { short }: Option): string[] => [`--${name}`, ...(short ? [`-${short}`] : [])];
