import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../docs/documents.ts';

/** An otherwise empty project that has installed the package as users get it. */
export interface Project {
  readonly folder: string;
  /** What the tarball contains, from its root. */
  readonly files: readonly string[];
  /** What is printed, errors after the output; throws with it when the command fails. */
  run(command: string, args: readonly string[], env?: Readonly<Record<string, string>>): string;
  /** Runs on Node, also when the test itself runs on Bun. */
  node(...args: string[]): string;
  /** Type errors of `text` in the project as TypeScript prints them; empty when there is none. Default 7. */
  typeErrors(text: string, options: Readonly<Record<string, unknown>>, typescript?: 6 | 7): string;
  write(file: string, text: string): string;
  remove(): void;
}

/** Whatever `npm test` runs on, published code is tried on Node. */
const NODE = process.versions['bun'] === undefined ? process.execPath : 'node';

/** Installed beside the package, at the versions of this repository, so that no registry is asked. */
const BESIDE = ['yaml', 'zod', 'undici', '@types/node', 'undici-types'];

/** `npm pack`, then `npm install` of the tarball. `dist` must be built. */
export function installPackage(): Project {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-published-'));
  const [packed] = JSON.parse(
    npm(ROOT, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder),
  ) as readonly [{ filename: string; files: readonly { path: string }[] }];
  const dependencies = Object.fromEntries(BESIDE.map((name) => [name, `file:${join(ROOT, 'node_modules', name)}`]));
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { equipoise: `file:${packed.filename}`, ...dependencies },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  npm(folder, 'install', '--offline', '--install-links', '--omit=optional', '--ignore-scripts');
  return projectIn(
    folder,
    packed.files.map(({ path }) => path),
  );
}

function npm(cwd: string, ...args: string[]): string {
  return runIn(cwd, 'npm', [...args, '--no-audit', '--no-fund', '--loglevel=error']);
}

function runIn(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', ...env },
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error ?? status}\n${stdout}${stderr}`);
  return stdout + stderr;
}

function projectIn(folder: string, files: readonly string[]): Project {
  function write(file: string, text: string): string {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  function typeErrors(text: string, options: Readonly<Record<string, unknown>>, typescript: 6 | 7 = 7): string {
    const compilerOptions = { target: 'ES2022', strict: true, noEmit: true, types: [], lib: ['ES2022'], ...options };
    write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    write('program.ts', text);
    const home = typescript === 7 ? 'package.json' : 'tools/reference/package.json';
    const compiler = createRequire(join(ROOT, home)).resolve('typescript/package.json');
    const tsc = join(dirname(compiler), 'bin/tsc');
    const { stdout, stderr } = spawnSync(NODE, [tsc, '-p', folder, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return stdout + stderr;
  }

  return {
    folder,
    files,
    run: (command, args, env) => runIn(folder, command, args, env),
    node: (...args) => runIn(folder, NODE, args),
    typeErrors,
    write,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The type tags of the policies: the names of their files. */
export function policyTypes(): readonly string[] {
  const files = readdirSync(join(ROOT, 'src/core/policies')).filter((file) => /^[a-z0-9-]+\.ts$/.test(file));
  return files.map((file) => file.slice(0, -3)).filter((name) => name !== 'registry' && name !== 'schema');
}
