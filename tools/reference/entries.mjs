// Names the modules as they are imported, and gives each the comment at the top of its file: a policy's has its idea, source,
// cost, order of ties and errors. typedoc itself takes such a comment only with a tag.
import { readFileSync } from 'node:fs';
import { Comment, Converter, ReflectionKind } from 'typedoc';

const root = new URL('../../', import.meta.url);
/** @type {{ exports: Record<string, { types?: string } | string | null> }} */
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    // The compiler leaves the comment out of the declarations where the import below it is needed no more.
    const text = commentAtTop(readFileSync(new URL(`src/${reflection.name}.ts`, root), 'utf8'));
    reflection.name = entryOf(`dist/${reflection.name}.d.ts`);
    if (text !== undefined) reflection.comment = new Comment([{ kind: 'text', text }]);
  });
}

/**
 * `dist/core/policies/p2c.d.ts` → `equipoise/policies/p2c`.
 *
 * @param {string} file
 */
function entryOf(file) {
  for (const [key, target] of Object.entries(manifest.exports)) {
    if (target === null || typeof target === 'string' || target.types === undefined) continue;
    const [before = '', after] = target.types.slice(2).split('*');
    if (after === undefined ? before !== file : !(file.startsWith(before) && file.endsWith(after))) continue;
    return `equipoise${key.slice(1).replace('*', file.slice(before.length, file.length - (after ?? '').length))}`;
  }
  throw new Error(`package.json exports no ${file}`);
}

/**
 * Words that begin a column (`Source  Karger et al.`) become items.
 *
 * @param {string} code
 */
function commentAtTop(code) {
  const body = /^\/\*\*(.*?)\*\//s.exec(code)?.[1];
  const lines = body?.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trimEnd());
  return lines
    ?.map((line) => line.replace(/^([A-Z][a-z]+) {2,}/, '- **$1** ').replace(/^ {4,}/, '  '))
    .join('\n')
    .trim();
}
