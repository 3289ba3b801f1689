import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Finding, Path } from './problem.ts';

export interface SubstitutionSources {
  /** What `${NAME}` is looked up in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The configuration's own file: `${file:path}` is relative to it. */
  readonly file: string;
  /** Text of a file; throws where there is none. Default: from the disk. */
  readonly readFile?: (path: string) => string;
}

export interface Substituted {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Scalars that came from a substitution as a whole: a number among them is still text. Keys by `pathKey`. */
  readonly replaced: ReadonlySet<string>;
}

/** `$${` is a plain `${`; names are upper-case; what else stands in the braces is caught and refused. */
const pattern = /(\$?)\$\{([^}]*)\}/g;
const depthLimit = 64;

export const pathKey = (path: Path): string => JSON.stringify(path);

/** Replaces `${NAME}`, `${NAME:-default}` and `${file:path}` in every text of a parsed value. Never throws. */
export function substitute(value: unknown, sources: SubstitutionSources): Substituted {
  const findings: Finding[] = [];
  const replaced = new Set<string>();

  function walk(value: unknown, path: Path): unknown {
    if (typeof value === 'string') return value.includes('${') ? replaceIn(value, path) : value;
    if (typeof value !== 'object' || value === null) return value;
    if (path.length > depthLimit) {
      findings.push({ path, message: 'is nested too deeply', on: 'key', certain: true });
      return null;
    }
    if (Array.isArray(value)) return value.map((each, index) => walk(each, [...path, index]));
    // `fromEntries` makes own properties of every name, `__proto__` among them.
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each, [...path, key])]));
  }

  function replaceIn(text: string, path: Path): string {
    const result = text.replace(pattern, (whole, dollar: string, inside: string) => {
      if (dollar !== '') return whole.slice(1);
      const found = lookUp(inside, sources);
      if ('text' in found) return found.text;
      findings.push({ path, ...found, on: 'value', certain: true });
      return whole;
    });
    if (/^\$\{[^}]*\}$/.test(text)) replaced.add(pathKey(path));
    return result;
  }

  return { value: walk(value, []), findings, replaced };
}

type LookUp = { readonly text: string } | { readonly message: string; readonly fix: string };

function lookUp(inside: string, sources: SubstitutionSources): LookUp {
  if (inside.startsWith('file:')) return readSecret(inside.slice('file:'.length), sources);
  const [, name, fallback] = /^([A-Z_][A-Z0-9_]*)(?::-(.*))?$/s.exec(inside) ?? [];
  if (name === undefined) {
    return {
      message: `"\${${inside}}" is no substitution`,
      fix: `write \${UPPER_CASE}, \${NAME:-default}, \${file:path}, or $\${ for a plain \${`,
    };
  }
  const value = Object.hasOwn(sources.env, name) ? sources.env[name] : undefined;
  // As in a shell, `:-` also stands in for an empty value.
  if (fallback !== undefined) return { text: value === undefined || value === '' ? fallback : value };
  if (value !== undefined) return { text: value };
  return { message: `the environment variable ${name} is not set`, fix: `set it, or write \${${name}:-default}` };
}

function readSecret(path: string, { file, readFile = readText }: SubstitutionSources): LookUp {
  const absolute = resolve(dirname(file), path);
  try {
    return { text: readFile(absolute).replace(/\r?\n$/, '') };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return { message: `the file ${absolute} cannot be read (${reason})`, fix: 'paths are relative to this file' };
  }
}

const readText = (path: string): string => readFileSync(path, 'utf8');
