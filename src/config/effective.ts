import { Document, isCollection, isPair, isScalar, isSeq, type Node, visit } from 'yaml';
import type { ListenerOptions } from '../proxy/listener-options.ts';
import { formatAddress } from './addresses.ts';
import type { Config } from './config.ts';
import type { Path } from './problem.ts';
import { formatDuration, formatSize } from './scalars.ts';
import { shownText } from './secrets.ts';

const durationKeys = [
  'drainTimeout',
  'interval',
  'fastInterval',
  'downInterval',
  'timeout',
  'maxAge',
  'openFor',
  'slowStart',
];
const ejectionKeys = ['baseEjection', 'maxEjection'];
const retryKeys = ['backoff', 'maxRetryAfter', 'after'];
const sizeKeys = ['headBytes', 'bodyBytes', 'bufferBytes'];

/** The configuration as a file could say it, with every default filled in and secrets replaced by `HIDDEN`. */
export function effectiveInput(config: Config): unknown {
  const listeners = Object.entries(config.listeners).map(([name, each]) => [name, withoutForeign(each)]);
  return encode({ ...config, listeners: Object.fromEntries(listeners) }, []);
}

/** Leaves out what means nothing to a tcp listener, and would be refused in a file. */
function withoutForeign(listener: ListenerOptions): object {
  if (listener.protocol !== 'tcp') return listener;
  const { trustedProxies: _, timeouts: __, limits, ...rest } = listener;
  const { headBytes: _a, headerFields: _b, bodyBytes: _c, ...counted } = limits;
  return { ...rest, limits: counted };
}

/**
 * The same as YAML that `parseConfig` reads again; what is not in `origin` (see `ConfigResult`) is marked `# default`.
 */
export function effectiveConfig(config: Config, origin: unknown): string {
  const document = new Document(effectiveInput(config), { aliasDuplicateObjects: false });
  const mark = (path: Path): string | undefined => (isWritten(origin, path) ? undefined : ' default');
  visit(document, {
    Node(key, node, ancestors) {
      const empty = isCollection(node) && node.items.length === 0;
      if (key === 'key' || !(isScalar(node) || empty)) return;
      const comment = mark(pathOf(node, ancestors));
      if (comment !== undefined) node.comment = comment;
    },
  });
  // The printer puts an empty collection and its comment on lines of their own.
  return document
    .toString({ lineWidth: 0 })
    .replace(/\n +(\[\]|\{\})(?:\n +(# default))?$/gm, (_, empty, note) => (note ? ` ${empty} ${note}` : ` ${empty}`));
}

function encode(value: unknown, path: Path): unknown {
  const [parent, key] = [path.at(-2), path.at(-1)];
  if (typeof value === 'number') return encodeNumber(value, String(parent), String(key));
  if (typeof value === 'string') return escapeDollar(shownText(value, path));
  if (typeof value !== 'object' || value === null) return value;
  // A header may bear any of these names, but its value is text.
  if (key === 'address' || parent === 'bind' || (key === 'bind' && !Array.isArray(value)))
    return formatAddress(value as never);
  if (parent === 'status') return formatStatuses(value as { from: number; to: number });
  if (Array.isArray(value)) return value.map((each, index) => encode(each, [...path, index]));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, encode(each, [...path, name])]));
}

function encodeNumber(value: number, parent: string, key: string): unknown {
  if (ejectionKeys.includes(key) || retryKeys.includes(key)) return formatDuration(value);
  if (durationKeys.includes(key) || parent === 'timeouts') return formatDuration(value);
  return sizeKeys.includes(key) ? formatSize(value) : value;
}

const escapeDollar = (text: string): string => text.replaceAll('${', () => '$${');

const formatStatuses = ({ from, to }: { from: number; to: number }) => (from === to ? from : `${from}-${to}`);

/** Steps to a node from its ancestors: documents, pairs and collections. */
function pathOf(node: Node, ancestors: readonly unknown[]): Path {
  const chain = [...ancestors, node];
  return chain.flatMap((each, index): Path => {
    // An empty list is its own last step.
    if (isSeq(each)) return index < chain.length - 1 ? [each.items.indexOf(chain[index + 1])] : [];
    return isPair(each) && isScalar(each.key) ? [String(each.key.value)] : [];
  });
}

/** Follows a path of the full form through the short forms of the input. */
function isWritten(origin: unknown, path: Path): boolean {
  let node = origin;
  for (const [depth, step] of path.entries()) {
    if (typeof node !== 'object' || node === null) return isShortFor(path.slice(depth));
    const held = Object.hasOwn(node, step) ? (node as Record<string | number, unknown>)[step] : undefined;
    if (held === undefined && step === 'routes' && Object.hasOwn(node, 'pool')) return true;
    if (held === undefined) return false;
    node = held;
  }
  return true;
}

/** A scalar stands for a list of one, an endpoint's address or a policy's type. */
const isShortFor = ([step, ...rest]: Path): boolean =>
  rest.length === 0 && (typeof step === 'number' || step === 'address' || step === 'type');
