import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../config/load.ts';
import { dispatch } from './commands.ts';
import { openPerson } from './init/person.ts';
import type { Person } from './io.ts';
import { policyTypes } from './options.ts';
import { startProgram } from './testing/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'equipoise-init-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const read = (file: string) => readFileSync(join(folder, file), 'utf8');

async function call(argv: string[], { person, env = {} }: { person?: Person; env?: Record<string, string> } = {}) {
  let out = '';
  let err = '';
  const io = { stdout: (text: string) => (out += text), stderr: (text: string) => (err += text) };
  const code = await dispatch(argv, { ...io, env, cwd: folder, color: false, ...(person && { person }) });
  return { code, out, err };
}

const init = (...argv: string[]) => call(['init', ...argv]);

/** Says these lines, then no more. */
function scripted(lines: readonly string[]): Person & { readonly asked: string[] } {
  const asked: string[] = [];
  const left = [...lines];
  return {
    asked,
    ask: async (question) => {
      asked.push(question);
      return left.shift();
    },
    close: () => {},
  };
}

/** Lines of keys that are switched off. */
const OFF = /^( *)# (?=- |[a-zA-Z]+: )/;

/** What `check` says of it, warnings included. */
function mistakesIn(text: string): readonly unknown[] {
  const result = parseConfig(text, { file: 'x.yaml', env: {} });
  return result.ok ? result.warnings : result.problems;
}

const port = (min: number) => fc.integer({ min, max: min + 999 }).map(String);
const target = fc.oneof(
  port(3000),
  port(4000).map((each) => `10.0.0.1:${each}`),
  port(5000).map((each) => `app-1.internal:${each}`),
  port(6000).map((each) => `[::1]:${each}`),
  port(7000).map((each) => `http://10.0.0.2:${each}`),
  port(1000).map((each) => `unix:/run/app ${each}.sock`.replace(' ', '-')),
);
const answers = fc.record({
  protocol: fc.constantFrom('http', 'tcp'),
  targets: fc.uniqueArray(target, { minLength: 1, maxLength: 4 }).map((each) => each.join(', ')),
  listen: fc.oneof(
    port(8000),
    port(8000).map((each) => `0.0.0.0:${each}`),
    fc.constantFrom('[::1]:80', 'unix:/run/x'),
  ),
  // It wants a database, and says so.
  policy: fc.constantFrom(...policyTypes.filter((each) => each !== 'geographic')),
  health: fc.constantFrom('/', '/health', '/a?b=c&d="e"', 'tcp', 'off'),
  admin: fc.oneof(
    fc.constant('off'),
    port(9000),
    port(9000).map((each) => `[::1]:${each}`),
  ),
});

describe('what it writes', () => {
  test('has no mistakes, nor has it with any of its keys switched on, nor with all', async () => {
    await fc.assert(
      fc.asyncProperty(answers, async (said) => {
        const options = Object.entries(said).map(([name, value]) => `--${name}=${value}`);
        const { code, out: text, err } = await init('--stdout', ...options);
        expect([code, err, mistakesIn(text)]).toEqual([0, '', []]);
        const lines = text.split('\n');
        const off = lines.flatMap((line, i) => (OFF.test(line) ? [i] : []));
        expect(off.length).toBeGreaterThan(5);
        const on = (wanted: (i: number) => boolean) =>
          lines.map((line, i) => (wanted(i) ? line.replace(OFF, '$1') : line)).join('\n');
        for (const each of off) expect(mistakesIn(on((i) => i === each))).toEqual([]);
        expect(mistakesIn(on((i) => off.includes(i)))).toEqual([]);
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  test('every policy can be had', async () => {
    for (const policy of policyTypes) {
      const { code, err } = await init('--stdout', '--policy', policy);
      if (policy === 'geographic') expect([code, err]).toEqual([2, expect.stringContaining('name a database')]);
      else expect(code).toBe(0);
    }
  });

  test('says what was answered', async () => {
    const { out } = await init('-o', '-', '--targets=3001 b:80', '--health=/ok', '--listen=81', '--admin=off');
    const result = parseConfig(out, { file: 'x.yaml', env: {} });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { admin, listeners, pools } = result.config;
    expect(admin).toBeUndefined();
    expect(listeners['web']!.bind).toEqual([{ kind: 'tcp', host: '127.0.0.1', port: 81 }]);
    expect(pools['app']!.endpoints.map(({ id }) => id)).toEqual(['3001', 'b:80']);
    expect(pools['app']!.health).toMatchObject({ type: 'http', path: '/ok' });
  });

  test('starts and serves', async () => {
    const backend = createServer((_, response) => void response.end('ok')).listen(0, '127.0.0.1');
    await new Promise((resolve) => backend.once('listening', resolve));
    const { port } = backend.address() as AddressInfo;
    const file = ['--output', 'served.yaml', '--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
    expect((await init('--targets', `${port}`, ...file)).code).toBe(0);
    const program = startProgram(['run', 'served.yaml'], folder);
    expect(await (await fetch(await program.url('web'))).text()).toBe('ok');
    program.child.kill('SIGTERM');
    expect((await program.ended).code).toBe(0);
    backend.close();
    backend.closeAllConnections();
  });
});

describe('where it writes', () => {
  test('equipoise.yaml, and says what comes next', async () => {
    const { code, out, err } = await init();
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      'wrote equipoise.yaml\n\nnext:\n  equipoise check equipoise.yaml\n  equipoise run equipoise.yaml\n',
    );
    expect(await call(['check', 'equipoise.yaml'])).toMatchObject({ code: 0, err: '' });
    const byNpx = await call(['init', '-o', 'npx.yaml'], { env: { npm_command: 'exec' } });
    expect(byNpx.out).toContain('npx equipoise run npx.yaml');
  });

  test('never over a file that is there, but with --force', async () => {
    writeFileSync(join(folder, 'mine.yaml'), 'mine');
    const person = scripted([]);
    const refused = await call(['init', '--output', 'mine.yaml'], { person });
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('--force overwrites it') });
    expect([read('mine.yaml'), person.asked]).toEqual(['mine', []]);
    expect((await init('--output', 'mine.yaml', '--force')).code).toBe(0);
    expect(read('mine.yaml')).toContain('listeners:');
  });

  test('a file that appears while questions are answered stays as it is', async () => {
    const person = scripted(['', '', '', '', '', '']);
    const ask: Person['ask'] = (question) => {
      writeFileSync(join(folder, 'late.yaml'), 'mine');
      return person.ask(question);
    };
    const { code, err } = await call(['init', '-o', 'late.yaml'], { person: { ask, close: () => {} } });
    expect([code, err, read('late.yaml')]).toEqual([1, expect.stringContaining('is there already'), 'mine']);
  });

  test('a directory that is not there', async () => {
    expect(await init('-o', 'gone/x.yaml')).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be written'),
    });
  });
});

test.each([
  { argv: ['--protocol', 'htp'], err: /--protocol: .*http/ },
  { argv: ['--targets', '99999'], err: /--targets: .*99999/ },
  { argv: ['--targets', ' , '], err: /--targets: there are none/ },
  { argv: ['--targets', '3001,3001'], err: /--targets: .*3001/ },
  { argv: ['--listen', '8080x'], err: /--listen: .*8080x/ },
  { argv: ['--listen', '9900'], err: /taken already/ },
  { argv: ['--policy', 'p3c'], err: /--policy: .*did you mean "p2c"/ },
  { argv: ['--health', 'health'], err: /--health: "health" is no check; write .*\/health/ },
  { argv: ['--admin', '0.0.0.0:9900'], err: /--admin: .*needs a token/ },
  { argv: ['--admin', ''], err: /--admin: it is empty/ },
  { argv: ['3001'], err: /unexpected 3001; servers go with --targets/ },
  { argv: ['--prot', 'tcp'], err: /did you mean --protocol\?/ },
])('$argv: wrong usage with the reason', async ({ argv, err }) => {
  const result = await init('--stdout', ...argv);
  expect(result).toMatchObject({ code: 2, out: '' });
  expect(result.err).toMatch(err);
});

describe('questions', () => {
  test('what is not said is asked, a wrong answer again with the reason, nothing is the default', async () => {
    const person = scripted(['3001 3002 99999', '3001 3002', 'p3c', 'p2c', '', ' off ']);
    const { code, err } = await call(['init', '-o', 'asked.yaml', '--protocol', 'http', '--listen', '8081'], {
      person,
    });
    expect(code).toBe(0);
    expect(person.asked.map((each) => /(\w+) \[/.exec(each)![1])).toEqual([
      ...['targets', 'targets', 'policy', 'policy', 'health', 'admin'],
    ]);
    expect(err).toMatch(/99999.*\n.*did you mean "p2c"/);
    const text = read('asked.yaml');
    for (const each of ['policy: p2c', '- 3002', 'type: tcp', '127.0.0.1:8081', '# admin:'])
      expect(text).toContain(each);
  });

  test('--yes asks nothing', async () => {
    const person = scripted([]);
    expect((await call(['init', '-o', 'yes.yaml', '--yes'], { person })).code).toBe(0);
    expect(person.asked).toEqual([]);
  });

  test('who goes away leaves no file', async () => {
    const { code, err } = await call(['init', '-o', 'left.yaml'], { person: scripted(['http']) });
    expect([code, err]).toEqual([1, 'equipoise: init: nothing was written\n']);
    expect(() => read('left.yaml')).toThrow();
  });
});

test('a person at a terminal: lines, then no more', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = '';
  output.on('data', (text) => (shown += text));
  const person = openPerson(input, output);
  const first = person.ask('one? ');
  input.write('1\n');
  expect(await first).toBe('1');
  const second = person.ask('two? ');
  input.end();
  expect([await second, await person.ask('three? ')]).toEqual([undefined, undefined]);
  expect(shown).toBe('one? two? ');
});
