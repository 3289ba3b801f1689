/** Time the listener gives a head, and a body to bring 16 KiB or end. Milliseconds. */
export const PATIENCE_MS = 1000;

/** A client that wastes time: what it sends at first, and then again and again. */
export interface SlowClient {
  readonly name: string;
  readonly first: string;
  readonly each: string;
  readonly everyMs: number;
  /** Statuses it may be told before it is cut off; none is always allowed. */
  readonly statuses: readonly string[];
}

const HEAD = 'GET /slow HTTP/1.1\r\nHost: a.example\r\n';
const POST = 'POST /slow HTTP/1.1\r\nHost: a.example\r\n';

export const slowClients: readonly SlowClient[] = [
  { name: 'says nothing', first: '', each: '', everyMs: 500, statuses: ['408'] },
  { name: 'one byte of a request line at a time', first: '', each: 'G', everyMs: 500, statuses: ['408', '400'] },
  { name: 'one byte of a field at a time', first: `${HEAD}X: `, each: 'x', everyMs: 500, statuses: ['408'] },
  { name: 'a head that never ends', first: HEAD, each: 'X: y\r\n', everyMs: 20, statuses: ['408', '431'] },
  { name: 'empty lines for ever', first: '', each: '\r\n', everyMs: 100, statuses: ['408', '400'] },
  {
    name: 'one byte of a body by length at a time',
    first: `${POST}Content-Length: 100000\r\n\r\n`,
    each: 'x',
    everyMs: 300,
    statuses: ['408'],
  },
  {
    name: 'one byte of a chunk at a time',
    first: `${POST}Transfer-Encoding: chunked\r\n\r\nfffff\r\n`,
    each: 'x',
    everyMs: 300,
    statuses: ['408'],
  },
  {
    name: 'chunks of one byte',
    first: `${POST}Transfer-Encoding: chunked\r\n\r\n`,
    each: '1\r\nx\r\n',
    everyMs: 200,
    statuses: ['408'],
  },
  {
    name: 'a chunk extension that never ends',
    first: `${POST}Transfer-Encoding: chunked\r\n\r\n1;`,
    each: 'x',
    everyMs: 300,
    statuses: ['408', '400'],
  },
  {
    name: 'trailers that never end',
    first: `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\n`,
    each: 'X: y\r\n',
    everyMs: 100,
    statuses: ['408', '400', '431'],
  },
  { name: 'half a second request', first: `${HEAD}\r\nGET `, each: '/', everyMs: 300, statuses: ['200', '408'] },
];
