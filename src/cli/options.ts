import { policies } from '../core/policies/registry.ts';

/** An option of a command: read by `readArguments`, explained by its usage, completed by shells. */
export interface Option {
  readonly type: 'string' | 'boolean';
  /** One letter. */
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** What it does. */
  readonly summary: string;
  /** What shells offer behind it; absent: nothing. */
  readonly values?: 'file' | RunningNames | readonly string[];
}

/** Names that a running program knows; for each kind what they are. */
export const runningNames = {
  endpoint: '<pool>/<endpoint>',
  pool: 'pools, and the endpoints of each',
  listener: 'listeners',
} as const;
export interface RunningNames {
  readonly running: keyof typeof runningNames;
}

/** By name, in the order in which the usage has them. */
export type Options = Readonly<Record<string, Option>>;

/** What every command knows. */
export const helpOption = { type: 'boolean', short: 'h', summary: 'more about it' } as const satisfies Option;

/** The type of every built-in policy. */
export const policyTypes: readonly string[] = policies.types;

const WIDTH = 120;

/** A command's usage: what it is, then a paragraph for each option. */
export function usageText(intro: string, options: Options): string {
  const names = Object.entries(options).map(([name, { short }]) => `${short ? `-${short}, ` : ''}--${name}`);
  const column = Math.max(0, ...names.map((each) => each.length)) + 4;
  const paragraphs = Object.values(options).map(({ summary }, i) =>
    `  ${names[i]}`.padEnd(column).concat(wrap(summary, WIDTH - column).join(`\n${' '.repeat(column)}`), '\n'),
  );
  return `${intro.trimEnd()}\n${paragraphs.length === 0 ? '' : '\n'}${paragraphs.join('')}`;
}

/** Lines of at most `width` characters; a longer word has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
