/** All that a command sees of its process. */
export interface CliIo {
  /** Results: data that another program may read. */
  stdout(text: string): void;
  /** Problems, warnings and progress, for people. */
  stderr(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Directory that relative paths start from. */
  readonly cwd: string;
  /** Whether ANSI colours may be written. */
  readonly color: boolean;
  /** A person who can be asked; absent where input or output is no terminal. */
  readonly person?: Person;
}

export interface Person {
  /** Shows a question; resolves with a line without its end, undefined where none will come any more (Ctrl-D, Ctrl-C). */
  ask(question: string): Promise<string | undefined>;
  /** Nothing more will be asked. */
  close(): void;
}

export const exitCodes = { done: 0, failed: 1, usage: 2 } as const;
