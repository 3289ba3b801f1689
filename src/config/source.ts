import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Path } from './problem.ts';

/** A file after parsing: its value, the syntax mistakes in it, and where a path lies. */
export interface Source {
  readonly value: unknown;
  readonly mistakes: readonly SyntaxMistake[];
  /** Absent for modules, which have no positions. */
  readonly locate?: (path: Path, on: 'key' | 'value') => Position;
}

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

export interface SyntaxMistake extends Position {
  readonly message: string;
  /** True where the value after it can still be trusted: a repeated key hides nothing else. */
  readonly contained: boolean;
}

/** Expansions of aliases in one file; enough for a thousand pools that share one health section. */
const maxAliasCount = 1000;

/** Reads YAML 1.2, and JSON, which is a part of it. Never throws. */
export function readYaml(text: string): Source {
  const lines = new LineCounter();
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const failed = (error: unknown): Source => {
    const message = error instanceof RangeError ? 'is nested too deeply' : (error as Error).message;
    return { value: undefined, mistakes: [{ line: 1, column: 1, message, contained: false }], locate: () => place(0) };
  };
  if (isTooDeep(text)) return failed(new RangeError());
  try {
    const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: 'error' });
    const mistakes = [...syntaxMistakes(document, place), ...aliasMistakes(document, place)];
    const locate = (path: Path, on: 'key' | 'value') => place(offsetOf(document, path, on));
    if (mistakes.some((each) => /alias|nested/.test(each.message))) return { value: undefined, mistakes, locate };
    return { value: document.toJS({ maxAliasCount }), mistakes, locate };
  } catch (error) {
    return failed(error);
  }
}

const deepestFlow = 100;
const deepestCompact = /^[ \t]*(?:[\w.-]*[-?:][ \t]+){32}/m;

/**
 * The parser takes time that grows with the square of the depth and worse, so depth is bounded before it. Brackets in
 * quotes and comments are counted too: no real file has a hundred of them open.
 */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = bracket === '[' || bracket === '{' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > deepestFlow) return true;
  }
  return deepestCompact.test(text);
}

function syntaxMistakes(document: Document, place: (offset: number) => Position): SyntaxMistake[] {
  return document.errors.map(({ code, message, pos }) => ({
    ...place(pos[0]),
    message: code === 'DUPLICATE_KEY' ? 'this key is already there' : message,
    contained: code === 'DUPLICATE_KEY',
  }));
}

/** Aliases that stand before their anchor or inside it; the parser would throw, or make a circle of them. */
function aliasMistakes(document: Document, place: (offset: number) => Position): SyntaxMistake[] {
  const anchors = new Set<string>();
  const mistakes: SyntaxMistake[] = [];
  const wrong = (alias: Alias, message: string) =>
    mistakes.push({ ...place(alias.range?.[0] ?? 0), message, contained: false });
  visit(document, {
    Alias(_key, alias, ancestors) {
      const around = ancestors.some((each) => 'anchor' in each && each.anchor === alias.source);
      if (around) wrong(alias, `the alias *${alias.source} stands inside what it stands for`);
      else if (!anchors.has(alias.source)) wrong(alias, `the alias *${alias.source} has no anchor before it`);
    },
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.add(node.anchor);
    },
  });
  return mistakes;
}

/** The nearest node on the way to `path` that the text really has. */
function offsetOf(document: Document, path: Path, on: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    const target = resolve(document, node);
    if (isMap(target)) {
      const pair = findPair(document, target, String(step));
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(target) && typeof step === 'number' && target.items[step] !== undefined) {
      node = target.items[step];
      offset = startOf(node) ?? offset;
    } else break;
  }
  const isPlain = (isScalar(node) && node.value !== null) || isAlias(node);
  return on === 'value' && isPlain ? (startOf(node) ?? offset) : offset;
}

const startOf = (node: unknown): number | undefined => (node as Node | null)?.range?.[0];

const resolve = (document: Document, node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);

function findPair(document: Document, map: YAMLMap, key: string): Pair | undefined {
  const pairs = map.items as Pair[];
  // The last of repeated keys is the one that counts.
  const own = pairs.findLast((each) => keyText(each) === key);
  if (own !== undefined) return own;
  for (const merge of pairs.filter((each) => keyText(each) === '<<')) {
    const value = resolve(document, merge.value);
    for (const each of isSeq(value) ? value.items : [value]) {
      const source = resolve(document, each);
      const found = isMap(source) ? findPair(document, source, key) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const keyText = (pair: Pair): string => String(isScalar(pair.key) ? pair.key.value : pair.key);
