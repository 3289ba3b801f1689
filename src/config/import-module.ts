import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A user's function, named by a file and an export of it: `./policy.ts#pick`. */
export interface ModuleName {
  readonly file: string;
  readonly name: string;
}

/** Undefined where `text` names no export. */
export function readModuleName(text: string): ModuleName | undefined {
  const [, file, name] = /^(.+\.[mc]?[jt]s)#([A-Za-z_$][\w$]*)$/.exec(text) ?? [];
  return file === undefined || name === undefined ? undefined : { file, name };
}

/** `./policy.ts#pick` as seen from `configFile`: the same with an absolute path. */
export function resolveModuleName(text: string, configFile: string): string {
  const named = readModuleName(text);
  return named === undefined ? text : `${resolve(dirname(configFile), named.file)}#${named.name}`;
}

/** A module's exports, anew when its content changed. Rejects with what reading, parsing or running it throws. */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const absolute = resolve(path);
  // Modules are cached by what they are called; the content's hash makes a changed file a new one.
  const version = createHash('sha256').update(readFileSync(absolute)).digest('hex').slice(0, 16);
  // Bun drops the query of a file URL, and Node takes no bare path with spaces.
  const address = 'Bun' in globalThis ? absolute : pathToFileURL(absolute).href;
  return (await import(`${address}?${version}`)) as Readonly<Record<string, unknown>>;
}

export type ImportedFunction =
  | { readonly ok: true; readonly value: (...args: never[]) => unknown }
  | { readonly ok: false; readonly message: string; readonly fix?: string };

/** The function that `text` names, by an absolute path. Never rejects: what is wrong is said. */
export async function importFunction(text: string): Promise<ImportedFunction> {
  const { file, name } = readModuleName(text)!;
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = await importModule(file);
  } catch (error) {
    return { ok: false, ...importFault(file, error as NodeJS.ErrnoException) };
  }
  const value = exports[name];
  if (typeof value === 'function') return { ok: true, value: value as (...args: never[]) => unknown };
  const named = Object.keys(exports).filter((each) => typeof exports[each] === 'function');
  const fix = named.length === 0 ? 'export a function' : `it exports ${named.join(', ')}`;
  const what = name in exports ? `its "${name}" is no function` : `it has no export "${name}"`;
  return { ok: false, message: `${file}: ${what}`, fix };
}

function importFault(file: string, error: NodeJS.ErrnoException): { message: string; fix?: string } {
  if (error.code === 'ENOENT') return { message: `there is no file ${file}` };
  const { message, ...fault } = moduleFault(error);
  return { message: `${file}: ${message}`, ...fault };
}

/** Why a module that is there cannot be had, and what to do. */
export function moduleFault({ code, message }: NodeJS.ErrnoException): { message: string; fix?: string } {
  if (code !== 'ERR_UNKNOWN_FILE_EXTENSION') return { message };
  return { message: 'Node does not run TypeScript', fix: 'write it in JavaScript, or install Bun' };
}
