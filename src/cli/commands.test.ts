import { expect, test } from 'vitest';
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
  { argv: ['frobnicate'], code: 2, err: /known here: demo, run, serve, check, explain, plan, schema/ },
  { argv: ['run'], code: 2, err: /which configuration\?.*usage: equipoise run/s },
  { argv: ['run', 'a.yaml', 'b.yaml'], code: 2, err: /not also b\.yaml/ },
  { argv: ['run', '--loud', 'a.yaml'], code: 2, err: /--loud.*usage: equipoise run/s },
  { argv: ['run', 'missing.yaml'], code: 1, err: /^missing\.yaml: cannot be read: there is no such file/ },
  { argv: ['serve'], code: 2, err: /which targets\?.*usage: equipoise serve/s },
  { argv: ['serve', '3001', '--admin', '0.0.0.0:1'], code: 2, err: /needs a token/ },
  { argv: ['serve', '3001', '--policy', 'p3c'], code: 1, err: /did you mean "p2c"/ },
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
])('$argv: answered on stdout', async ({ argv, out }) => {
  const result = await call(...argv);
  expect(result).toMatchObject({ code: 0, err: '' });
  expect(result.out).toMatch(out);
});
