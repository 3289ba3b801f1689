import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';
import type { WholeAnswer } from './answer.ts';

/** The dashboard: files that hold no secret, so whoever gets here may have them. Its requests to the API are asked for the token. */
export interface Page {
  /** Undefined: no file of the page has this path. */
  answer(path: string, request: Pick<IncomingMessage, 'headers'>): WholeAnswer | undefined;
}

interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing but files and API of this very server; no inline script or style. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HERE = dirname(fileURLToPath(import.meta.url));
/** Beside us in dist; from src, in the dist that was built last. */
const FOLDERS = [join(HERE, '../dashboard'), join(HERE, '../../dist/dashboard')];

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Equipoise</title>
<p>The dashboard is not built here. In the project's folder, run <code>npm ci --include=dev</code>, then <code>npm run build</code>.
Everything it shows is told by <code>equipoise top</code> and by the API, see <a href="/openapi.json">/openapi.json</a>.</p>
</html>
`;

/** Read once, at the first request that finds it built: an admin server that nobody looks at holds nothing. `folders`: the first that has a page is served. */
export function createPage(folders: readonly string[] = FOLDERS): Page {
  let files: ReadonlyMap<string, PageFile> = new Map();
  return {
    answer(path, { headers }) {
      if (path !== '/' && !path.startsWith('/assets/')) return undefined;
      if (files.size === 0) files = folders.map(readPage).find((each) => each.size > 0) ?? files;
      if (path === '/' && files.size === 0) return notBuilt();
      const file = files.get(path);
      return file && answerOf(file, headers);
    },
  };
}

const notBuilt = (): WholeAnswer => ({
  status: 503,
  type: TYPES['.html']!,
  body: NOT_BUILT,
  headers: { 'content-security-policy': "default-src 'none'" },
});

function answerOf(
  { type, plain, gzip, headers }: PageFile,
  { 'accept-encoding': accepted = '', 'if-none-match': known }: IncomingMessage['headers'],
): WholeAnswer {
  const common = { ...headers, vary: 'accept-encoding' };
  if (known !== undefined && known === headers['etag']) return { status: 304, type, body: '', headers: common };
  const isPacked = /\bgzip\b(?!\s*;\s*q=0(?![.\d]))/.test(String(accepted));
  if (!isPacked) return { status: 200, type, body: plain, headers: common };
  return { status: 200, type, body: gzip, headers: { ...common, 'content-encoding': 'gzip' } };
}

function readPage(folder: string): ReadonlyMap<string, PageFile> {
  try {
    const index = readFileSync(join(folder, 'index.html'));
    const assets = readdirSync(join(folder, 'assets')).filter((name) => TYPES[extname(name)] !== undefined);
    const files = assets.map((name) => {
      const file = pageFile(extname(name), readFileSync(join(folder, 'assets', name)), {
        // Their names change with their content.
        'cache-control': 'public, max-age=31536000, immutable',
      });
      return [`/assets/${name}`, file] as const;
    });
    return new Map([['/', indexFile(index)], ...files]);
  } catch {
    return new Map();
  }
}

const indexFile = (bytes: Buffer): PageFile =>
  pageFile('.html', bytes, {
    'cache-control': 'no-cache',
    'content-security-policy': POLICY,
    'referrer-policy': 'no-referrer',
    // The name of the script in it changes with anything of the page.
    etag: `"${bytes.toString().match(/index-([\w-]+)\.js/)?.[1] ?? bytes.length}"`,
  });

function pageFile(extension: string, plain: Buffer, headers: Readonly<Record<string, string>>): PageFile {
  const gzip = gzipSync(plain, { level: constants.Z_BEST_COMPRESSION });
  return { type: TYPES[extension]!, plain, gzip, headers };
}
