import { posix } from 'node:path';
import { isDevelopment, type Sources, withoutComments } from './source-files.ts';

/** From the top down; a room imports only from rows below its own, and never from a neighbour in its row. */
const ROOMS: readonly (readonly string[])[] = [
  ['cli'],
  ['admin'],
  ['server'],
  ['index.ts', 'health.ts', 'testing.ts', 'exporters', 'importers'],
  ['laboratory'],
  ['config'],
  ['proxy', 'adapters'],
  ['control'],
  ['transport', 'telemetry'],
  ['core'],
];

/** The same inside the core. */
const CORE: readonly (readonly string[])[] = [
  ['testing'],
  ['planning', 'guards', 'policies'],
  ['load'],
  ['hash'],
  ['kernel'],
];

/** One variant per file, or per folder of that name, and a registry beside them. */
export const VARIANT_FOLDERS: readonly string[] = [
  'core/policies',
  'control/discovery',
  'control/health',
  'proxy/protocols',
  'proxy/filters',
  'exporters',
];

/** Files of a variant folder that name every variant. */
const COMPOSERS = /^(registry|schema)(\.test)?\.ts$/;

/** Every broken rule as `file: what, and why`; empty for a house in order. */
export function layerViolations(sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, text] of sources) {
    const code = withoutComments(text);
    for (const specifier of importsOf(code)) {
      const why = specifier.startsWith('.')
        ? forbiddenFile(file, posix.join(posix.dirname(file), specifier), sources)
        : forbiddenPackage(file, specifier);
      if (why !== undefined) found.push(`${file}: imports ${specifier}: ${why}`);
    }
    for (const why of forbiddenGlobals(file, code)) found.push(`${file}: ${why}`);
  }
  return found;
}

const IMPORT =
  /\b(?:import|export)\s[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|\bnew URL\(\s*['"](\.[^'"]+)['"]/g;

/** Static and dynamic imports, types too, re-exports, and files named by `new URL('./x.ts', import.meta.url)`. */
export function importsOf(code: string): string[] {
  return [...code.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? '');
}

function forbiddenFile(from: string, to: string, sources: Sources): string | undefined {
  // package.json lies at the same place seen from src and from dist.
  if (to.startsWith('..')) return isDevelopment(from) || to === '../package.json' ? undefined : 'it is outside src';
  if (!isDevelopment(from) && isDevelopment(to)) return 'tests are not shipped';
  return upwards(from, to) ?? upwardsInCore(from, to) ?? acrossVariants(from, to, sources);
}

function upwards(from: string, to: string): string | undefined {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === target) return undefined;
  const [row, targetRow] = [rowOf(ROOMS, room), rowOf(ROOMS, target)];
  if (row === -1 || targetRow === -1) return `test/layer-rules.ts knows no room ${row === -1 ? room : target}`;
  if (room === 'laboratory' && target !== 'core')
    return 'the laboratory imports only core, so that it runs in browsers';
  return targetRow > row ? undefined : `imports only point down, and ${target} is not below ${room}`;
}

function upwardsInCore(from: string, to: string): string | undefined {
  if (roomOf(from) !== 'core' || roomOf(to) !== 'core') return undefined;
  const [room, target] = [roomOf(from.slice(5)), roomOf(to.slice(5))];
  if (room === target || (target === 'testing' && isDevelopment(from))) return undefined;
  const [row, targetRow] = [rowOf(CORE, room), rowOf(CORE, target)];
  if (row === -1 || targetRow === -1) return `test/layer-rules.ts knows no room ${row === -1 ? room : target} in core`;
  return targetRow > row ? undefined : `imports only point down, and core/${target} is not below core/${room}`;
}

function acrossVariants(from: string, to: string, sources: Sources): string | undefined {
  const folder = VARIANT_FOLDERS.find((each) => from.startsWith(`${each}/`) && to.startsWith(`${each}/`));
  if (folder === undefined || COMPOSERS.test(posix.basename(from))) return undefined;
  const [variant, target] = [from, to].map((path) => nameIn(folder, path));
  if (variant === target || !variantsIn(folder, sources).includes(target ?? '')) return undefined;
  return `variants do not know each other: what ${variant} and ${target} share moves to a file that is no variant`;
}

/** The variants of a folder: a file or folder is one when it holds a definition whose type tag is its name. */
export function variantsIn(folder: string, sources: Sources): string[] {
  const names = new Set<string>();
  for (const [path, text] of sources) {
    if (!path.startsWith(`${folder}/`) || isDevelopment(path)) continue;
    const name = nameIn(folder, path);
    if (new RegExp(`\\btype: '${name}'`).test(withoutComments(text))) names.add(name);
  }
  return [...names].sort();
}

/** `core/policies/p2c.test.ts` → `p2c`, `proxy/protocols/http1/head.ts` → `http1`. */
function nameIn(folder: string, path: string): string {
  return roomOf(path.slice(folder.length + 1)).replace(/\..*$/, '');
}

const CORE_PACKAGES = ['zod'];
const KIT_PACKAGES = ['vitest', 'fast-check'];

/** Tests may use what they like: that core and control pass on Node is seen by running them there. */
function forbiddenPackage(from: string, specifier: string): string | undefined {
  if (isDevelopment(from)) return undefined;
  const room = roomOf(from);
  if (/^bun(:|$)/.test(specifier) && room !== 'transport') return 'the API of Bun is used in transport alone';
  if (room !== 'core' && room !== 'laboratory') return undefined;
  const allowed = from.startsWith('core/testing/') ? KIT_PACKAGES : CORE_PACKAGES;
  return allowed.includes(specifier) ? undefined : `${room} knows no runtime and no package but ${allowed.join(', ')}`;
}

/** What the linter cannot forbid by itself: members of globals, and a global that one room may use. */
function forbiddenGlobals(file: string, code: string): string[] {
  if (isDevelopment(file)) return [];
  const room = roomOf(file);
  const found: string[] = [];
  if (/\bBun\./.test(code) && room !== 'transport') found.push('uses Bun: all but transport runs on Node as well');
  if (/\bMath\.random\b/.test(code) && room !== 'cli') found.push('uses Math.random: chance is passed in, take an Rng');
  if (/\bnew URL\(\s*['"]\.[^'"]*\.ts['"]/.test(code))
    found.push('names a .ts file by URL, which in dist is a .js file');
  return found;
}

function roomOf(path: string): string {
  // An entry of the package is a room of its own, and its test is in it.
  return (path.split('/', 1)[0] ?? '').replace(/\.test\.ts$/, '.ts');
}

function rowOf(rows: readonly (readonly string[])[], room: string): number {
  return rows.findIndex((row) => row.includes(room));
}
