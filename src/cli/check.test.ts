import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { check } from './check.ts';
import { schema } from './schema.ts';

const cwd = mkdtempSync(join(tmpdir(), 'equipoise-check-'));
afterAll(() => rmSync(cwd, { recursive: true }));

const listener = 'listeners:\n  web: { bind: 127.0.0.1:1, protocol: http, routes: [{ pool: a }] }\n';
writeFileSync(join(cwd, 'good.yaml'), `${listener}pools:\n  a: { policy: p2c, endpoints: [127.0.0.1:2] }\n`);
writeFileSync(join(cwd, 'bad.yaml'), `${listener}pools:\n  a:\n    polcy: p2c\n    endpoints: [127.0.0.1:2]\n`);
writeFileSync(join(cwd, 'warn.yaml'), `${listener}pools:\n  a: { endpoints: [1] }\n  b: { endpoints: ["\${PORT}"] }\n`);

async function run(command: typeof check, argv: string[], color = false) {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    stdout: (text: string) => out.push(text),
    stderr: (text: string) => err.push(text),
    env: { PORT: '9' },
    cwd,
    color,
  };
  return { code: await command(argv, io), out: out.join(''), err: err.join('') };
}

describe('check', () => {
  test.each([
    ['a good file', ['good.yaml'], { code: 0, out: 'good.yaml: ok, 1 listener, 1 pool, 1 endpoint\n', err: '' }],
    [
      'a bad file',
      ['bad.yaml'],
      {
        code: 1,
        out: '',
        err: 'bad.yaml:5:5 pools.a.polcy: unknown key "polcy"; did you mean "policy"?\nbad.yaml: 1 problem\n',
      },
    ],
    [
      'a warning, and the environment',
      ['warn.yaml'],
      {
        code: 0,
        out: 'warn.yaml: ok, 1 listener, 2 pools, 2 endpoints\n',
        err: 'warn.yaml:5:3 pools.b: no route leads to this pool (warning)\n',
      },
    ],
    [
      'a file that is not there',
      ['no.yaml'],
      { code: 1, out: '', err: 'no.yaml: cannot be read: there is no such file\nno.yaml: 1 problem\n' },
    ],
  ])('%s', async (_why, argv, want) => {
    expect(await run(check, argv)).toEqual(want);
  });

  test.each([[[]], [['--nope', 'good.yaml']], [['good.yaml', 'bad.yaml']]])('wrong usage: %j', async (argv) => {
    const { code, out, err } = await run(check, argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('usage: equipoise check');
  });

  test('--json', async () => {
    const { code, out } = await run(check, ['--json', 'bad.yaml']);
    const problem = {
      file: 'bad.yaml',
      line: 5,
      column: 5,
      path: 'pools.a.polcy',
      message: 'unknown key "polcy"',
      fix: 'did you mean "policy"?',
    };
    expect([code, JSON.parse(out)]).toEqual([1, { ok: false, problems: [problem] }]);
    expect(JSON.parse((await run(check, ['--json', 'good.yaml'])).out)).toEqual({ ok: true, warnings: [] });
  });

  test('--effective', async () => {
    expect((await run(check, ['--effective', 'good.yaml'])).out).toContain('drainTimeout: 30s # default\n');
    const { out } = await run(check, ['--effective', '--json', 'good.yaml']);
    expect(JSON.parse(out)).toHaveProperty('config.pools.a.policy.type', 'p2c');
  });

  test('colour, where it may be', async () => {
    expect((await run(check, ['bad.yaml'], true)).err).toContain('\x1b[31mbad.yaml:5:5');
  });

  test('--help', async () => {
    const { code, out } = await run(check, ['--help']);
    expect([code, out.startsWith('usage:')]).toEqual([0, true]);
  });
});

describe('schema', () => {
  test('prints the JSON Schema', async () => {
    const { code, out } = await run(schema, []);
    expect([code, JSON.parse(out).title]).toEqual([0, 'Equipoise configuration, version 1']);
  });
  test('wrong usage', async () => expect((await run(schema, ['x'])).code).toBe(2));
  test('--help', async () => expect((await run(schema, ['-h'])).out).toContain('usage: equipoise schema'));
});
