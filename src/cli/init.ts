import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readArguments, wrongUsage } from './arguments.ts';
import { type AnswerName, type Answers, defaults, questions } from './init/answers.ts';
import { draft } from './init/draft.ts';
import { type CliIo, exitCodes, type Person } from './io.ts';
import { type Options, policyTypes, usageText } from './options.ts';

export const initOptions = {
  protocol: { type: 'string', values: ['http', 'tcp'], summary: 'http (default) or tcp' },
  targets: {
    type: 'string',
    summary: 'who serves: ports of this machine or host:port, with commas (default 3001,3002)',
  },
  listen: { type: 'string', summary: 'where clients connect; a bare port is on 127.0.0.1 (default 8080)' },
  policy: { type: 'string', values: policyTypes, summary: 'how an endpoint is picked (default adaptive)' },
  health: {
    type: 'string',
    values: ['/health', 'tcp', 'off'],
    summary: 'how endpoints are checked: a path that answers 200, tcp for a connection (default), or off',
  },
  admin: { type: 'string', summary: 'where dashboard and metrics are, on this machine only, or off (default 9900)' },
  output: {
    type: 'string',
    short: 'o',
    values: 'file',
    default: 'equipoise.yaml',
    summary: 'the file that is written, - for standard output (default equipoise.yaml)',
  },
  stdout: { type: 'boolean', summary: 'the same as --output -' },
  force: { type: 'boolean', summary: 'overwrites a file that is there' },
  yes: { type: 'boolean', short: 'y', summary: 'asks nothing: what is not said is the default' },
} as const satisfies Options;

const initUsage = usageText(
  `usage: equipoise init [--targets 3001,3002] [--listen 8080] [--output equipoise.yaml] …

Writes a first configuration with comments. In a terminal it asks for what is not said by an option; elsewhere that is
the default.`,
  initOptions,
);

const names = Object.keys(defaults) as AnswerName[];

type Given = Partial<Record<AnswerName, string | undefined>>;

/** `equipoise init`: 0 written, 1 it could not be written or nobody answered any more, 2 wrong usage. */
export async function init(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readArguments(argv, initOptions, initUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const { values, targets } = parsed;
  if (targets.length > 0) return wrongUsage(`init: unexpected ${targets[0]}; servers go with --targets`, initUsage, io);
  const wrong = firstWrong(values);
  if (wrong !== undefined) return wrongUsage(`init: ${wrong}`, initUsage, io);
  const file = values.stdout === true ? '-' : values.output;
  const force = values.force === true;
  if (file !== '-' && !force && existsSync(resolve(io.cwd, file))) return fail(isThere(file), io);
  const text = await compose(values, values.yes === true ? undefined : io.person, io);
  return text === undefined ? fail('nothing was written', io) : write(text, file, force, io);
}

/** What is wrong with the options, all defaults beside them. */
function firstWrong(given: Given): string | undefined {
  const drafted = draft(withDefaults(given));
  if (drafted.ok) return undefined;
  return `--${drafted.answer}: ${drafted.reason}`;
}

function withDefaults(given: Given): Answers {
  const said = names.filter((name) => given[name] !== undefined).map((name) => [name, given[name]!.trim()]);
  return { ...defaults, ...Object.fromEntries(said) };
}

/** Undefined when whoever is asked has gone. */
async function compose(given: Given, person: Person | undefined, io: CliIo): Promise<string | undefined> {
  let answers = withDefaults(given);
  try {
    for (const name of person === undefined ? [] : names.filter((each) => given[each] === undefined)) {
      const answer = await askFor(name, answers, person!, io);
      if (answer === undefined) return undefined;
      answers = { ...answers, [name]: answer };
    }
  } finally {
    person?.close();
  }
  const drafted = draft(answers);
  return drafted.ok ? drafted.text : undefined;
}

/** Asks until the answer fits to what is known; nothing typed is the default. */
async function askFor(name: AnswerName, answers: Answers, person: Person, io: CliIo): Promise<string | undefined> {
  for (;;) {
    const typed = await person.ask(`${questions[name]}\n  ${name} [${answers[name]}]: `);
    if (typed === undefined) return undefined;
    const answer = typed.trim() === '' ? answers[name] : typed.trim();
    const drafted = draft({ ...answers, [name]: answer });
    if (drafted.ok) return answer;
    io.stderr(`  ${drafted.reason}\n`);
  }
}

function write(text: string, file: string, force: boolean, io: CliIo): number {
  if (file === '-') {
    io.stdout(text);
    return exitCodes.done;
  }
  try {
    writeFileSync(resolve(io.cwd, file), text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return fail(code === 'EEXIST' ? isThere(file) : `${file} cannot be written: ${message}`, io);
  }
  // npx says so to what it starts; whoever came by it has no command of that name.
  const program = io.env['npm_command'] === 'exec' ? 'npx equipoise' : 'equipoise';
  io.stdout(`wrote ${file}\n\nnext:\n  ${program} check ${file}\n  ${program} run ${file}\n`);
  return exitCodes.done;
}

const isThere = (file: string) => `${file} is there already; --force overwrites it, --output writes another one`;

function fail(message: string, io: CliIo): number {
  io.stderr(`equipoise: init: ${message}\n`);
  return exitCodes.failed;
}
