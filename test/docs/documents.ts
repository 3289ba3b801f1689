import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One Markdown file. */
export interface Document {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly fences: readonly Fence[];
}

/** A fenced block of code. */
export interface Fence {
  /** What stands behind the opening backticks. */
  readonly language: string;
  readonly text: string;
  /** Of its first line in the document, from 1. */
  readonly line: number;
  /** `x.yaml`, where the block begins with the comment `# x.yaml` or `// x.yaml`; `x.json`, where it is `json x.json`. */
  readonly file: string | undefined;
}

/** Every Markdown file for people: at the root, in docs, examples and conformance. */
export function readDocuments(): Document[] {
  const atRoot = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const below = ['docs', 'examples', 'conformance'].flatMap((folder) => filesBelow(folder));
  return [...atRoot, ...below.filter((path) => path.endsWith('.md'))].map(readDocument);
}

export function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

function readDocument(path: string): Document {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, text, fences: fencesOf(text) };
}

export function fencesOf(text: string): Fence[] {
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map((match) => {
    const body = match[2]!;
    // JSON has no comments: its file stands behind the language.
    const [language = '', named] = match[1]!.trim().split(' ');
    return {
      language,
      text: body,
      line: text.slice(0, match.index).split('\n').length + 1,
      file: named ?? /^(?:#|\/\/) ([\w./-]+\.(?:yaml|ts))\n/.exec(body)?.[1],
    };
  });
}

/** Relative links and pictures that lead nowhere, as `target: why`. */
export function brokenLinks({ path, text }: Document): string[] {
  const prose = text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(']', ' '));
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return targets.flatMap((target) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const pointed = file === '' ? path : posix.join(posix.dirname(path), file);
    if (!existsSync(join(ROOT, pointed))) return [`${target}: there is no ${pointed}`];
    if (anchor === undefined || !pointed.endsWith('.md')) return [];
    const headings = anchorsOf(file === '' ? text : readFileSync(join(ROOT, pointed), 'utf8'));
    return headings.includes(anchor) ? [] : [`${target}: no such heading`];
  });
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  const headings = [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)].map((match) => match[1]!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Names of files and folders in backticks for which the repository has none; a name may leave out leading folders. */
export function missingFiles({ text }: Document, files: readonly string[]): string[] {
  const names = [...text.matchAll(/`([\w./-]+(?:\.(?:ts|mjs|md|json|svg|yaml)|\/))`/g)].map((match) => match[1]!);
  const folders = new Set(files.map((file) => `${dirname(file)}/`));
  const known = [...files, ...folders].map((each) => `/${each}`);
  return [...new Set(names)].filter((name) => !known.some((each) => each.includes(`/${name}`) && fits(each, name)));
}

const fits = (path: string, name: string): boolean => (name.endsWith('/') ? true : path.endsWith(`/${name}`));
