/**
 * What our own part of a request costs: parsing and writing the heads of a browser's request and its answer, in
 * nanoseconds, the best of five loops of a million.
 *
 * Run  bun bench/heads.ts
 */
import { ClientSources } from '../src/proxy/client-source.ts';
import { RequestHead } from '../src/proxy/protocols/http1/request-head.ts';
import { writeRequestHead } from '../src/proxy/protocols/http1/request-writer.ts';
import { ResponseHead } from '../src/proxy/protocols/http1/response-head.ts';

const REQUEST = [
  'GET /small HTTP/1.1',
  'Host: 127.0.0.1:8080',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Language: en-US,en;q=0.9,de;q=0.8',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Connection: keep-alive',
  'Cookie: session=3f2a9c1e7b5d4a60; theme=dark; consent=1',
  'Referer: https://shop.example.com/products/list',
  'Sec-Fetch-Mode: navigate',
];
const ANSWER = [
  'HTTP/1.1 200 OK',
  'Date: Sun, 22 Nov 2026 15:26:28 GMT',
  'Server: origin/1.0',
  'Content-Type: application/json; charset=utf-8',
  'Content-Length: 120',
  'Cache-Control: private, max-age=60',
  'ETag: "5f3c-62b9a1d4e8c40"',
  'Vary: Accept-Encoding',
];
const LOOPS = 5;
const HEADS = 1_000_000;
// As from a socket, each head lies in memory of its own.
const COPIES = 256;

const limits = { headBytes: 65_536, headerFields: 128 };
const request = new RequestHead(limits);
const answer = new ResponseHead(limits);
const source = new ClientSources([]).enter('127.0.0.1');
const extras = { host: null, forwarded: false, makeRequestId: null };
const out = Buffer.alloc(65_536);
const requests = copiesOf(REQUEST);
const answers = copiesOf(ANSWER);

print(
  'parse a request',
  (bytes) => {
    request.begin(bytes, 0, false);
    request.parse(bytes, bytes.length);
  },
  requests,
);
print(
  'write it anew',
  (bytes) => {
    request.bytes = bytes;
    writeRequestHead(request, out, source, '127.0.0.1', extras, '');
  },
  requests,
);
print(
  'parse an answer',
  (bytes) => {
    answer.begin(bytes, 0);
    answer.parse(bytes, bytes.length);
  },
  answers,
);

function copiesOf(lines: readonly string[]): Buffer[] {
  return Array.from({ length: COPIES }, () => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
}

function print(title: string, run: (bytes: Buffer) => void, heads: readonly Buffer[]): void {
  let best = Number.POSITIVE_INFINITY;
  for (let loop = 0; loop <= LOOPS; loop++) {
    const startMs = performance.now();
    for (let i = 0; i < HEADS; i++) run(heads[i % COPIES]!);
    // The first loop warms up.
    if (loop > 0) best = Math.min(best, ((performance.now() - startMs) * 1e6) / HEADS);
  }
  console.log(`${title.padEnd(16)} ${heads[0]!.length} bytes ${best.toFixed(0).padStart(5)} ns`);
}
