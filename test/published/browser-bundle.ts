import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import type { Project } from './project.ts';

/** What Vite and others make of a program for a browser. */
export interface Bundle {
  /** A script that leaves the program's exports in the global `program`. */
  readonly code: string;
  /** Minified and compressed by gzip: what a browser loads. */
  readonly bytes: number;
}

/** Bundles `text`, which imports from the installed package. */
export async function bundleForBrowser(project: Project, text: string): Promise<Bundle> {
  const input = project.write('entry.js', text);
  const warnings: string[] = [];
  const bundle = await rolldown({
    input,
    cwd: project.folder,
    platform: 'browser',
    onLog: (_, { message }) => void warnings.push(message),
  });
  const { output } = await bundle.generate({ format: 'iife', name: 'program', minify: true, codeSplitting: false });
  await bundle.close();
  // An import that a browser does not have is a warning only, and left in the text.
  if (warnings.length > 0) throw new Error(warnings.join('\n'));
  const { code } = output[0];
  return { code, bytes: gzipSync(code, { level: 9 }).byteLength };
}

/**
 * What `expression` over `program` gives, as JSON, in a realm that has the language and `globals` of Node's, and nothing
 * else: no `process`, no `Buffer`, no `require`.
 */
export function evaluate(
  project: Project,
  { code }: Bundle,
  expression: string,
  globals: readonly string[] = [],
): unknown {
  const script = project.write('bundle.js', `${code}\nprogram_result = (async () => ${expression})();`);
  const runner = `import { readFileSync } from 'node:fs';
    import { runInNewContext } from 'node:vm';
    const realm = Object.assign(Object.create(null), { program_result: undefined }, { ${globals.join(', ')} });
    runInNewContext(readFileSync(${JSON.stringify(script)}, 'utf8'), realm, { contextCodeGeneration: { strings: false } });
    process.stdout.write(JSON.stringify(await realm.program_result));`;
  return JSON.parse(project.node('--input-type=module', '-e', runner));
}
