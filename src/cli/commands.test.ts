import { describe, expect, test } from 'vitest';
import { dispatch } from './commands.ts';

async function call(...argv: string[]) {
  let out = '';
  let err = '';
  const code = await dispatch(argv, {
    stdout: (text) => (out += text),
    stderr: (text) => (err += text),
    env: {},
    cwd: '/nowhere',
    color: false,
  });
  return { code, out, err };
}

test.each([
  { argv: [], code: 2, err: /usage: equipoise <command>/ },
  { argv: ['serv', '3001'], code: 2, err: /there is no command "serv"; did you mean "serve"\?/ },
  { argv: ['stat'], code: 2, err: /did you mean "status"\?/ },
  { argv: ['frobnicate'], code: 2, err: /known here: demo, init, run, serve, check, explain, plan, schema/ },
  { argv: ['3001', 'b:3002'], code: 2, err: /did you mean "equipoise serve 3001 b:3002"\?/ },
  { argv: ['lb.yaml'], code: 2, err: /did you mean "equipoise run lb.yaml"\?/ },
  { argv: ['--versoin'], code: 2, err: /no option --versoin before a command; did you mean "--version"\?/ },
  { argv: ['--policy', 'p2c'], code: 2, err: /no option --policy before a command; known here: --help, --version/ },
  { argv: ['help', 'rnu'], code: 2, err: /did you mean "run"\?/ },
  { argv: ['run'], code: 2, err: /which configuration\?.*usage: equipoise run/s },
  { argv: ['run', 'a.yaml', 'b.yaml'], code: 2, err: /not also b\.yaml/ },
  { argv: ['run', '--loud', 'a.yaml'], code: 2, err: /--loud.*usage: equipoise run/s },
  { argv: ['run', 'missing.yaml'], code: 1, err: /^missing\.yaml: cannot be read: there is no such file/ },
  { argv: ['serve'], code: 2, err: /which targets\?.*usage: equipoise serve/s },
  { argv: ['serve', '3001', '--admin', '0.0.0.0:1'], code: 2, err: /needs a token/ },
  { argv: ['serve', '3001', '--policy', 'p3c'], code: 1, err: /did you mean "p2c"/ },
  { argv: ['serve', '3001', '--health', 'tpc'], code: 2, err: /"tpc" is no check; write tcp/ },
  { argv: ['serve', '3001', '--port', '1'], code: 2, err: /did you mean --listen\?/ },
  { argv: ['serve', '99999'], code: 1, err: /99999/ },
  { argv: ['demo', 'x'], code: 2, err: /unexpected x/ },
  { argv: ['demo', '--rate', 'many'], code: 2, err: /--rate "many"/ },
  { argv: ['demo', '--rate', '5001'], code: 2, err: /--rate "5001"/ },
  { argv: ['demo', '--duration', 'long'], code: 2, err: /--duration "long".*write 10s/ },
  { argv: ['demo', '--listen', 'here'], code: 2, err: /--listen "here"/ },
  { argv: ['demo', '--policy', 'p3c'], code: 1, err: /did you mean "p2c"/ },
  { argv: ['check'], code: 2, err: /which file\?/ },
  { argv: ['schema', 'x'], code: 2, err: /unexpected x/ },
])('$argv: exit code $code', async ({ argv, code, err }) => {
  const result = await call(...argv);
  expect(result).toMatchObject({ code, out: '' });
  expect(result.err).toMatch(err);
});

test.each([
  { argv: ['--help'], out: /^usage: equipoise <command>.*serve <target…>/s },
  { argv: ['-h'], out: /^usage: equipoise <command>/ },
  { argv: ['--version'], out: /^equipoise \d+\.\d+\.\d+\S* \((bun|node) \d/ },
  { argv: ['run', '--help'], out: /^usage: equipoise run/ },
  { argv: ['serve', '-h'], out: /^usage: equipoise serve/ },
  { argv: ['demo', '--help'], out: /^usage: equipoise demo/ },
  { argv: ['help', 'weight'], out: /^usage: equipoise weight/ },
])('$argv: answered on stdout', async ({ argv, out }) => {
  const result = await call(...argv);
  expect(result).toMatchObject({ code: 0, err: '' });
  expect(result.out).toMatch(out);
});

describe('what is mistyped gets the nearest right one', async () => {
  const { out } = await call('--help');
  const commands = [...out.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]!);
  const optionsOf = async (command: string) =>
    [...(await call(command, '--help')).out.matchAll(/^ {2}(?:-\w, )?--([a-z-]+) /gm)].map((match) => match[1]!);
  const options = await Promise.all(commands.map(async (command) => ({ command, names: await optionsOf(command) })));
  /** A letter is left out, doubled, or changes places with the next one. */
  const slips = (word: string) =>
    [...word.slice(1)].flatMap((_, i) => {
      const [before, letter, after] = [word.slice(0, i + 1), word[i + 1]!, word.slice(i + 2)];
      const swapped = after === '' ? [] : [`${before}${after[0]}${letter}${after.slice(1)}`];
      return [before + after, before + letter + letter + after, ...swapped];
    });

  test('there are some', () => {
    expect(commands.length).toBeGreaterThan(14);
    expect(options.flatMap(({ names }) => names).length).toBeGreaterThan(40);
  });

  test.each(commands)('%s', async (command) => {
    for (const slip of slips(command)) {
      if (commands.includes(slip)) continue;
      expect({ slip, ...(await call(slip)) }).toMatchObject({ code: 2, err: expect.stringContaining(`"${command}"?`) });
    }
  });

  test.each(options)('$command $names', async ({ command, names }) => {
    for (const name of names) {
      for (const slip of slips(name)) {
        if (names.includes(slip)) continue;
        const { code, err } = await call(command, `--${slip}`);
        expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`did you mean --${name}?`) });
      }
    }
  });
});
