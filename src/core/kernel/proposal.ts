/** What other balancers call our keys (glossary), as far as the spelling alone would not find them. */
const foreignNames: Readonly<Record<string, string | readonly string[]>> = {
  frontends: 'listeners',
  servers: 'endpoints',
  hosts: 'endpoints',
  targets: 'endpoints',
  backends: 'pools',
  upstreams: 'pools',
  clusters: 'pools',
  backend: 'pool',
  upstream: 'pool',
  cluster: 'pool',
  listen: 'bind',
  port: ['bind', 'listen'],
  algorithm: 'policy',
  balance: 'policy',
  lbpolicy: 'policy',
  healthcheck: 'health',
  healthchecks: 'health',
  check: 'health',
  locations: 'routes',
  rules: 'routes',
  maxconn: 'maxConnections',
  url: 'address',
  return: 'respond',
};

/** The candidate that `word` was probably meant to be: another spelling, a slip of a few keys, a foreign name, or its beginning. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const plain = simplify(word);
  const same = candidates.find((each) => simplify(each) === plain);
  if (same !== undefined) return same;
  const ours = [foreignNames[plain] ?? []].flat();
  const foreign = ours.find((each) => candidates.includes(each));
  if (foreign !== undefined) return foreign;
  return nearest(plain, candidates) ?? abbreviated(plain, candidates);
}

/** `did you mean "policy"?`, or what is possible when nothing is near. */
export function proposal(word: string, candidates: readonly string[]): string | undefined {
  const guess = closest(word, candidates);
  if (guess !== undefined) return `did you mean "${guess}"?`;
  return candidates.length === 0 ? undefined : `known here: ${candidates.slice(0, 24).join(', ')}`;
}

const simplify = (word: string): string => word.toLowerCase().replace(/[_\-\s]/g, '');

function nearest(plain: string, candidates: readonly string[]): string | undefined {
  // A third of the letters may be wrong: `pot` is not a slip of `path`, `polcy` is one of `policy`.
  let best = Math.max(1, Math.floor(Math.min(plain.length, 40) / 3)) + 1;
  let found: string | undefined;
  for (const each of candidates) {
    const candidate = simplify(each);
    if (Math.abs(candidate.length - plain.length) >= best) continue;
    const distance = editDistance(plain, candidate);
    if (distance < best) [best, found] = [distance, each];
  }
  return found;
}

/** The only one that begins so. */
function abbreviated(plain: string, candidates: readonly string[]): string | undefined {
  if (plain.length < 3) return undefined;
  const [only, another] = candidates.filter((each) => simplify(each).startsWith(plain));
  return another === undefined ? only : undefined;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
 *
 * Source  optimal string alignment, Damerau, CACM 7(3), 1964.
 */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  for (let j = 1; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : 1e9;
      rows[i]![j] = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, replaced, swapped);
    }
  }
  return rows[a.length]![b.length]!;
}
