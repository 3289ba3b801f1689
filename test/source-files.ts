import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The text of source files by path in `src`, with `/`: `core/kernel/rng.ts`. */
export type Sources = ReadonlyMap<string, string>;

const SRC = fileURLToPath(new URL('../src', import.meta.url));

export function readSources(): Sources {
  const paths = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
  return new Map(paths.sort().map((path) => [path, readFileSync(join(SRC, path), 'utf8')]));
}

/** Tests and benchmarks, which are not shipped. */
export function isDevelopment(path: string): boolean {
  return /\.(test|bench)\.ts$/.test(path);
}

export function withoutComments(text: string): string {
  // A `//` after a colon is a URL in a string.
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}
