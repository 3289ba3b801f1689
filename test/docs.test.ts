/**
 * What documents say is true: links lead somewhere, named files exist, configurations load, and what a `console` block
 * types prints what stands below it. A block of another language than `console` is not run.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type LoadOptions, loadConfig } from '../src/config/load.ts';
import { formatProblem } from '../src/config/problem.ts';
import { writeMmdb } from '../src/control/testing/mmdb.ts';
import { brokenLinks, type Document, filesBelow, missingFiles, ROOT, readDocuments } from './docs/documents.ts';
import { framesOf, spansOf, toSvg } from './docs/picture.mjs';
import { patternOf, type Session, startSession, stepsOf } from './docs/session.ts';

const documents = readDocuments();
const folder = mkdtempSync(join(tmpdir(), 'equipoise-snippets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('links', () => {
  test.each(documents)('$path', (document) => expect(brokenLinks(document)).toEqual([]));
});

describe('files that are named exist', () => {
  const files = ['.ci', 'bench', 'bin', 'conformance', 'docs', 'examples', 'src', 'test'].flatMap(filesBelow);
  const known = [...files, ...spawnSync('ls', { cwd: ROOT, encoding: 'utf8' }).stdout.split('\n')];
  const mapped = documents.filter(({ path }) => ['ARCHITECTURE.md', 'README.md', 'docs/README.md'].includes(path));
  test.each(mapped)('$path', (document) => expect(missingFiles(document, known)).toEqual([]));
});

/** Enough for what snippets take from the environment. */
const env = { ADMIN_TOKEN: 'x', BACKEND_PORT: '3000' };

describe('configurations', () => {
  const snippets = documents.flatMap(({ path, fences }) =>
    fences.filter(isConfiguration).map(({ text, language, line }) => ({ at: `${path}:${line}`, text, language })),
  );
  // Modules that configurations name.
  for (const { file, text } of documents.flatMap(({ fences }) => fences)) {
    if (/(?:policy|cost)\.ts$/.test(file ?? '')) writeFileSync(join(folder, file!), text);
  }
  // And a database.
  writeFileSync(join(folder, 'city.mmdb'), writeMmdb({ '10.0.0.0/8': { location: { latitude: 50, longitude: 9 } } }));
  test('there are some', () => expect(snippets.length).toBeGreaterThan(10));
  test.each(snippets)('$at', async ({ text, language }) => {
    const file = join(folder, `${Math.random()}.${language}`);
    writeFileSync(file, text.replaceAll("from 'equipoise'", `from '${join(ROOT, 'src/index.ts')}'`));
    expect(await problemsOf(file, { env, readFile: readOrInvent })).toEqual([]);
  });
});

function isConfiguration({ language, text }: Document['fences'][number]): boolean {
  if (language === 'ts') return text.includes('defineConfig(');
  return language === 'yaml' || (language === 'json' && text.includes('"listeners"'));
}

/** `${file:…}` names a secret's file of the reader. */
function readOrInvent(path: string): string {
  return path.startsWith(folder) && /\.(yaml|json)$/.test(path) ? readFileSync(path, 'utf8') : 'secret';
}

async function problemsOf(path: string, options: LoadOptions): Promise<string[]> {
  const result = await loadConfig(path, options);
  return (result.ok ? result.warnings : result.problems).map(formatProblem);
}

// Set-up needs no curl; what is typed in documents does.
const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe.skipIf(!hasCurl)('commands print what the document shows', () => {
  const typed = documents.filter(({ fences }) => fences.some(({ language }) => language === 'console'));
  test('there are some', () => expect(typed.length).toBeGreaterThan(3));
  test.each(typed)('$path', async ({ path, fences }) => {
    await inSession(async (session) => {
      for (const { language, text, line, file } of fences) {
        if (file !== undefined) session.write(file, text);
        if (language === 'console') await session.play(text).catch(located(`${path}:${line}`));
      }
    });
  });
});

describe.skipIf(!hasCurl)('examples', () => {
  const examples = filesBelow('examples').filter((path) => /\.(yaml|ts)$/.test(path));
  const index = documents.find(({ path }) => path === 'examples/README.md')!;

  test.each(examples)('%s is listed', (path) => expect(index.text).toContain(`(${path.slice('examples/'.length)})`));
  const programs = filesBelow('examples').filter((path) => path.endsWith('.mjs') && path !== 'examples/backends.mjs');
  test.each(programs)('%s is listed', (path) => expect(index.text).toContain(`(${path.slice('examples/'.length)})`));
  test.each(programs)('%s runs on Node', async (path) => {
    await inSession(async ({ play }) => {
      await play('$ node examples/backends.mjs 3001 3002 3003\nbackends on 3001, 3002, 3003\n');
      await play(typedIn(readFileSync(join(ROOT, path), 'utf8'))).catch(located(path));
    });
  });

  test.each(examples)('%s starts and answers', async (path) => {
    const session = typedIn(readFileSync(join(ROOT, path), 'utf8'));
    expect(stepsOf(session).length).toBeGreaterThan(0);
    await inSession(async ({ play }) => {
      await play('$ node examples/backends.mjs 3001 3002 3003\nbackends on 3001, 3002, 3003\n');
      await play(`$ npx equipoise run ${path}\nlistening …\n${session}`).catch(located(path));
    });
  });
});

/** The console block in the comment at the top of an example. */
function typedIn(example: string): string {
  const lines = example.split('\n');
  const end = lines.findIndex((line) => !/^(#|\/\/)/.test(line));
  const comment = lines.slice(0, end).map((line) => line.replace(/^(#|\/\/) ?/, ''));
  return comment.slice(comment.findIndex((line) => line.startsWith('$ '))).join('\n');
}

describe.skipIf(!hasCurl)('docs/guides/observability.md', () => {
  test('its table has every metric', async () => {
    const guide = documents.find(({ path }) => path === 'docs/guides/observability.md')!;
    const documented = [...guide.text.matchAll(/`((?:equipoise|process)_\w+)`/g)].map((match) => match[1]!);
    await inSession(async ({ play, adapt }) => {
      await play('$ node examples/backends.mjs 3001\nbackends on 3001');
      await play('$ npx equipoise serve 3001 3009 --policy round-robin --listen 8080 --admin 9900\nlistening admin …');
      // A metric without a series is not on the page: one endpoint is dead, and one request is refused.
      await play('$ for i in 1 2 3; do curl -s http://127.0.0.1:8080/; done | uniq\nhello from 3001');
      await play("$ curl -s -H 'Host: a b' http://127.0.0.1:8080/\n{…Bad Request…}");
      const page = await (await fetch(adapt('http://127.0.0.1:9900/metrics'))).text();
      const told = [...page.matchAll(/^# TYPE (\w+)/gm)].map((match) => match[1]!);
      expect(told.length).toBeGreaterThan(20);
      expect(told.filter((each) => !documented.includes(each))).toEqual([]);
    });
  });
});

async function inSession(use: (session: Session) => Promise<void>): Promise<void> {
  const session = await startSession();
  try {
    await use(session);
  } finally {
    await session.close();
  }
}

const located = (place: string) => (error: unknown) => {
  throw new Error(`${place}: ${(error as Error).message}`, { cause: error });
};

describe('what these tests rest on', () => {
  test.each([
    { why: 'as printed', output: 'a.b', text: 'a.b', matches: true },
    { why: 'a dot is a dot', output: 'a.b', text: 'axb', matches: false },
    { why: 'any text in a line', output: 'at … ok', text: 'at 12:30 ok', matches: true },
    { why: 'not beyond the line', output: 'at … ok', text: 'at 12:30\nok', matches: false },
    { why: 'any lines', output: 'a\n…\nd', text: 'a\nb\nc\nd', matches: true },
    { why: 'no line is any too', output: '…\na\n…\nd\n…', text: 'a\nd', matches: true },
    { why: 'but lines are whole', output: 'a\n…\nd', text: 'a\nb\ncd', matches: false },
  ])('output: $why', ({ output, text, matches }) => {
    expect(new RegExp(`^${patternOf(output)}$`).test(text)).toBe(matches);
  });

  test('a link to nowhere and a heading that is not there are found', () => {
    const text = '[a](README.md) [b](gone.md) [c](#here) [d](#gone) [e](https://x.y)\n## Here\n';
    const document = { path: 'conformance/README.md', text, fences: [] };
    expect(brokenLinks(document)).toEqual(['gone.md: there is no conformance/gone.md', '#gone: no such heading']);
  });

  test('a file that is named and gone is found', () => {
    const text = '`cli/main.ts` `main.ts` `in.ts` `src/cli/` `cli/gone/`';
    expect(missingFiles({ path: 'x.md', text, fences: [] }, ['src/cli/main.ts'])).toEqual(['in.ts', 'cli/gone/']);
  });

  test('a picture has what the terminal showed last', () => {
    const frames = framesOf('\x1b[?25lold\x1b[K\n\x1b[J\x1b[1A\r\x1b[32mup\x1b[0m  █▌ <1>\x1b[K\n\x1b[J\x1b[?25h');
    expect(frames).toHaveLength(2);
    expect(spansOf(frames[1]![0]!)).toEqual([
      { text: 'up', column: 0, style: '32' },
      { text: '█▌ <1>', column: 4, style: '' },
    ]);
    expect(toSvg(frames[1]!, 'x')).toContain('&lt;1&gt;</text>');
  });
});
