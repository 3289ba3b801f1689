import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { dispatch } from './commands.ts';

const folder = mkdtempSync(join(tmpdir(), 'equipoise-completions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const file of ['lb.yaml', 'my lb.yaml', 'batch.json', 'notes.txt']) writeFileSync(join(folder, file), '');
mkdirSync(join(folder, 'conf.d'));

async function call(...argv: string[]) {
  let out = '';
  let err = '';
  const io = { stdout: (text: string) => (out += text), stderr: (text: string) => (err += text) };
  const code = await dispatch(argv, { ...io, env: {}, cwd: '/nowhere', color: false });
  return { code, out, err };
}

const scriptOf = async (shell: string): Promise<string> => {
  const { code, out, err } = await call('completions', shell);
  expect([code, err]).toEqual([0, '']);
  const path = join(folder, `_equipoise.${shell}`);
  writeFileSync(path, out);
  return path;
};

/** In CI every shell is there, and a missing one fails. */
const has = (shell: string) => process.env['CI'] !== undefined || spawnSync(shell, ['--version']).status === 0;

function shell(program: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', timeout: 4000 });
  expect([error, status, stderr]).toEqual([undefined, 0, '']);
  return stdout;
}

const cases: { words: string[]; want: string[]; without?: string[] }[] = [
  { words: ['ser'], want: ['serve'], without: ['run'] },
  { words: ['comp'], want: ['completions'] },
  { words: ['serve', '--l'], want: ['--listen'], without: ['--policy'] },
  { words: ['serve', '--he'], want: ['--health', '--help'] },
  {
    words: ['serve', '3001', '--policy', 'least'],
    want: ['least-connections', 'least-response-time'],
    without: ['p2c'],
  },
  { words: ['demo', '--policy', 'p'], want: ['p2c', 'peak-ewma', 'prequal'] },
  { words: ['plan', '--method', ''], want: ['exact', 'packing', 'annealing', 'ant-colony'] },
  { words: ['plan', ''], want: ['batch.json'] },
  { words: ['check', 'l'], want: ['lb.yaml'] },
  { words: ['run', 'conf'], want: ['conf.d'] },
  { words: ['completions', ''], want: ['bash', 'zsh', 'fish'] },
  { words: ['drain', '--w'], want: ['--watch'] },
];

describe('completions', () => {
  test.each([
    { argv: ['completions'], err: /which shell\?.*usage: equipoise completions/s },
    { argv: ['completions', 'bsh'], err: /did you mean "bash"\?/ },
    { argv: ['completions', 'bash', 'zsh'], err: /unexpected zsh/ },
  ])('$argv is wrong usage', async ({ argv, err }) => {
    const result = await call(...argv);
    expect(result).toMatchObject({ code: 2, out: '' });
    expect(result.err).toMatch(err);
  });

  test.each(['bash', 'zsh', 'fish'])('%s knows every command and option', async (name) => {
    const { out } = await call('completions', name);
    const { out: usage } = await call('--help');
    const commands = [...usage.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]!);
    expect(commands.length).toBeGreaterThan(14);
    for (const command of commands) {
      expect(out).toContain(command);
      const { out: help } = await call(command, '--help');
      for (const [, option] of help.matchAll(/^ {2}(?:-\w, )?--([a-z-]+) /gm)) expect(out).toContain(option);
    }
  });
});

describe.skipIf(!has('bash'))('bash', () => {
  async function complete(words: string[]): Promise<string[]> {
    const path = await scriptOf('bash');
    const quoted = ['equipoise', ...words].map((each) => `'${each}'`).join(' ');
    const script = `source '${path}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _equipoise; printf '%s\\n' "\${COMPREPLY[@]}"; complete -p equipoise`;
    const lines = shell('bash', ['--norc', '-uc', script]).trimEnd().split('\n');
    expect(lines.pop()).toBe('complete -F _equipoise equipoise');
    return lines.filter((each) => each !== '');
  }

  test.each(cases)('$words', async ({ words, want, without = [] }) => {
    const found = await complete(words);
    expect(found).toEqual(expect.arrayContaining(want));
    expect(found.filter((each) => without.includes(each))).toEqual([]);
  });

  test.each([
    {
      why: 'a configuration is YAML, JSON or a module',
      words: ['run', ''],
      want: ['batch.json', 'conf.d', 'lb.yaml', 'my lb.yaml'],
    },
    { why: 'blanks in names', words: ['run', 'my'], want: ['my lb.yaml'] },
    { why: 'any file', words: ['init', '--output', 'n'], want: ['notes.txt'] },
    { why: '--policy=p2', words: ['serve', '--policy', '=', 'p2'], want: ['p2c'] },
    { why: '--policy=', words: ['plan', '--load', '='], want: ['fixed', 'growing'] },
    { why: 'a value that cannot be known', words: ['serve', '--listen', ''], want: [] },
    { why: 'a value that begins with a dash is no option', words: ['serve', '--listen', '--'], want: [] },
    { why: 'an unknown command', words: ['frobnicate', ''], want: [] },
  ])('exactly: $why', async ({ words, want }) => expect((await complete(words)).sort()).toEqual(want));
});

describe.skipIf(!has('zsh'))('zsh', () => {
  test('its syntax is right', async () => shell('zsh', ['-n', await scriptOf('zsh')]));

  // It completes in a terminal only: its module zpty makes one, in which Tab lists what could follow. What does not come
  // is waited for until the shell is ended.
  test.each(cases)('$words', async ({ words, want }) => {
    const typed = ['equipoise', ...words].join(' ');
    const waits = want.map((each) => `[[ $seen == *${each}* ]] || zpty -r shell more '*${each}*' && seen+=$more`);
    const script = [
      'zmodload zsh/zpty; zpty shell zsh -fi',
      `zpty -w shell 'autoload -Uz compinit; compinit -D; source ${await scriptOf('zsh')}; cd ${folder}'`,
      `zpty -w shell 'bindkey "^I" list-choices; LISTMAX=999; PROMPT_EOL_MARK=; PS1="rea""dy> "'`,
      `zpty -r shell seen '*ready> *'; seen=`,
      `zpty -w -n shell '${typed}'$'\t'`,
      ...waits,
      'zpty -d shell',
    ];
    shell('zsh', ['-fc', script.join('\n')]);
  });
});

describe.skipIf(!has('fish'))('fish', () => {
  test('its syntax is right', async () => shell('fish', ['-n', await scriptOf('fish')]));

  test.each(cases)('$words', async ({ words, want, without = [] }) => {
    const typed = ['equipoise', ...words].join(' ');
    const output = shell('fish', ['--no-config', '-c', `source '${await scriptOf('fish')}'; complete -C '${typed}'`]);
    const found = output.split('\n').map((line) => line.split('\t')[0]!.replace(/\/$/, ''));
    expect(found).toEqual(expect.arrayContaining(want));
    expect(found.filter((each) => without.includes(each))).toEqual([]);
  });
});
