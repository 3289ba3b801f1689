/**
 * `ops/Dockerfile`, step by step, as no engine runs here: what is sent, what is copied, what is run, and what is started, in a
 * root that has nothing but what was copied and the libraries of glibc. Its base images are not tried.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adminAt } from './harness/admin.ts';
import { get, request } from './harness/client.ts';
import { contextOf, perform, readStages, wordsOf } from './harness/dockerfile.ts';
import { runProgram, startProgram } from './harness/program.ts';
import { freePort, until, within } from './harness/sockets.ts';
import { cleanUp, transports } from './harness/suite.ts';
import { untilReady } from './scenarios/workers-world.ts';

const ROOT = resolve(import.meta.dirname, '..');
const STATE = '/var/lib/equipoise/state.json';
const stages = readStages(readFileSync(join(ROOT, 'ops/Dockerfile'), 'utf8'));
const [build, image] = [stages[0]!, stages[1]!];
const settingOf = (name: string): string => image.instructions.find((each) => each.name === name)!.rest;

describe('what is sent to the engine', () => {
  const files = contextOf(ROOT);
  test('what is built from', () => {
    for (const path of ['package-lock.json', 'src/cli/main.ts', 'dashboard/index.html', 'bin/build-executable.mjs'])
      expect(files).toContain(path);
  });

  test('and nothing else', () => {
    expect(
      files.filter((path) => !/^(src|bin|dashboard|tools\/reference)\/|^(package|tsconfig)[\w.-]*json$/.test(path)),
    ).toEqual([]);
    expect(files.filter((path) => /node_modules|\.test\.ts$|(^|\/)\.(git|env)/.test(path))).toEqual([]);
  });
});

describe('the image', () => {
  test('has no shell and no package manager of ours, and no rights', () => {
    expect(stages).toHaveLength(2);
    expect(image.instructions.filter(({ name }) => name === 'RUN')).toEqual([]);
    expect(image.base).toMatch(/^gcr\.io\/distroless\/base-debian12:nonroot$/);
    // A number, so that Kubernetes can see that it is not root.
    expect(settingOf('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(settingOf('STOPSIGNAL')).toBe('SIGTERM');
  });
});

describe.skipIf(!transports.includes('bun'))('its steps', () => {
  const keep = cleanUp();
  let folder = '';
  let root = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'equipoise-image-'));
    chmodSync(folder, 0o755);
    root = join(folder, 'image');
    mkdirSync(join(root, 'etc/equipoise'), { recursive: true });
    const roots = new Map([[build.name, join(folder, 'build')]]);
    const performance = { context: { folder: ROOT, files: contextOf(ROOT) }, roots };
    // Installs every package and builds: some ten seconds.
    perform(build, roots.get(build.name)!, performance);
    perform(image, root, performance);
  }, 180_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const [entry] = wordsOf(image, 'ENTRYPOINT') as [string];

  test('give an executable that needs nothing but glibc', () => {
    const libraries = librariesOf(join(root, entry));
    const names = libraries.map((path) => path.slice(path.lastIndexOf('/') + 1).replace(/[-.].*/, ''));
    expect(names.filter((each) => !['ld', 'libc', 'libdl', 'libm', 'libpthread'].includes(each))).toEqual([]);
  });

  const how = isConfined ? 'in a root of its own' : 'in our own root, as no other may be had';
  test(`give a container that serves, tells its health and drains (${how})`, async () => {
    const [port, adminPort] = [await freePort(), await freePort()];
    const config = {
      ...{ workers: 2, stateFile: isConfined ? STATE : join(root, STATE), admin: { bind: `127.0.0.1:${adminPort}` } },
      listeners: { web: { bind: `127.0.0.1:${port}`, routes: [{ match: { path: '/' }, respond: { body: 'hello' } }] } },
      pools: { app: { endpoints: [{ id: 'a', address: 1 }] } },
    };
    addBase(root, join(root, entry));
    const [, file] = wordsOf(image, 'CMD') as [string, string];
    writeFileSync(join(root, file), JSON.stringify(config));
    const settings = { cwd: '/', env: { ...environment(), EQUIPOISE_ADMIN: `${adminPort}` } };
    const run = (words: string[]) => runProgram(...inImage(root, words), settings);

    const health = wordsOf(image, 'HEALTHCHECK');
    expect(await run(health), 'before').toMatchObject({ code: 1 });
    const program = startProgram(...inImage(root, [entry, ...wordsOf(image, 'CMD')]), settings);
    keep(program);
    await program.says(/^listening admin /m);
    await untilReady(adminAt(adminPort), 200);
    expect(await run(health)).toEqual({ code: 0, output: 'ready\n' });
    expect((await request(port, get('/'))).body.toString()).toBe('hello');
    expect(await run([entry, 'drain', 'app/a'])).toMatchObject({ code: 0 });
    const state = () => spawnSync('cat', [join(root, STATE)], { encoding: 'utf8' }).stdout;
    await until('the state is kept', () => state().includes('draining'));
    program.signal(settingOf('STOPSIGNAL') as NodeJS.Signals);
    expect(await within('the end', program.ended)).toEqual({ code: 0, signal: null });
    expect(await run(health), 'afterwards').toMatchObject({ code: 1 });
  }, 120_000);
});

/** ENV of the image. */
function environment(): Record<string, string> {
  const pairs = image.instructions.filter(({ name }) => name === 'ENV').map(({ rest }) => rest.split('=', 2));
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Paths of what the dynamic linker loads for it. */
function librariesOf(path: string): string[] {
  const { stdout } = spawnSync('ldd', [path], { encoding: 'utf8' });
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, library]) => library!);
}

/** Whether we may give a program another root, with /proc in it. */
const isConfined = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;

/** The libraries of glibc, which the base image brings, and a place for /proc. */
function addBase(root: string, executable: string): void {
  mkdirSync(join(root, 'proc'), { recursive: true });
  for (const library of librariesOf(executable)) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    cpSync(library, join(root, library), { dereference: true });
  }
}

/** The command that starts `words` in the image, as its user; where we may not, by paths below our own root. */
function inImage(root: string, words: readonly string[]): [string, string[]] {
  if (!isConfined) {
    const [command, ...rest] = words.map((each) => (each.startsWith('/') ? join(root, each) : each));
    return [command!, rest];
  }
  const script =
    'root=$1 user=$2; shift 2; mount -t proc proc "$root/proc"; exec chroot --userspec="$user" "$root" "$@"';
  return ['unshare', ['--mount', 'sh', '-c', script, 'sh', root, settingOf('USER'), ...words]];
}
