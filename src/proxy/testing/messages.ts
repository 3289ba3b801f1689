import fc from 'fast-check';

/** Heads as clients and attackers write them: made of parts that a parser treats in their own ways. */

const requestLine = fc.constantFrom(
  'GET / HTTP/1.1',
  'GET /a/b?c=d HTTP/1.1',
  'HEAD /x HTTP/1.0',
  'POST /upload HTTP/1.1',
  'GET http://b.example:81/x?y HTTP/1.1',
  'GET http://b.example HTTP/1.1',
  'GET HTTPS://b.example?y HTTP/1.0',
  'OPTIONS * HTTP/1.1',
  'OPTIONS http://b.example HTTP/1.1',
  '\r\nDELETE /y HTTP/1.1',
);

const statusLine = fc.constantFrom(
  'HTTP/1.1 200 OK',
  'HTTP/1.1 204 No Content',
  'HTTP/1.0 404 Not Found',
  'HTTP/1.1 500',
  'HTTP/1.1 304 ',
  'HTTP/1.1 101 Switching Protocols',
  'HTTP/1.1 100 Continue',
);

/** At most one of these, as two are refused. */
const framing = fc.constantFrom(
  [],
  ['Content-Length: 5'],
  ['content-length:0'],
  ['Transfer-Encoding: chunked'],
  ['TRANSFER-encoding:\tChunked '],
  ['Content-Length: 5', 'Content-Length: 5'],
  ['Content-Length: 5', 'Transfer-Encoding: chunked'],
);

const field = fc.constantFrom(
  'Accept: */*',
  'Connection: close',
  'Connection: keep-alive',
  'connection: keep-alive, Upgrade',
  'Connection: x-a, te, host, content-length,,cookie',
  'Connection: transfer-encoding, x-forwarded-for, connection',
  'Cookie: a=b; c=d',
  'Expect: 100-continue',
  'Forwarded: for=1.1.1.1',
  'HTTP2-Settings: AAMA',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Set-Cookie: a=b',
  'TE: trailers',
  'Trailer: X-Sum',
  'Upgrade: websocket',
  'UPGRADE: h2c, websocket',
  'X-A: 1',
  'x-a:',
  'X-Empty: \t ',
  'X-Forwarded-By: me',
  'X-Forwarded-For: 1.1.1.1, 10.2.3.4',
  'x-forwarded-for: unknown',
  'X-Forwarded-Host: c.example',
  'X-Forwarded-Proto: https',
  'X-Obs: \xe4\xff',
  'X-Real-IP: 1.1.1.1',
  'X-Request-Id: 77',
  'X-Served-By: someone',
  'X-Forwarded-_For: 1.1.1.1',
  'X_Forwarded_For: 1.1.1.1',
);

const hosts = fc.constantFrom(['Host: a.example'], ['host:a.example:8080'], ['Host: [::1]:80'], []);

function head(line: string, ...groups: readonly (readonly string[])[]): string {
  return `${[line, ...groups.flat()].join('\r\n')}\r\n\r\n`;
}

/** Mostly good requests; some without Host, or with two readings. */
export const requestTexts: fc.Arbitrary<string> = fc
  .record({
    line: requestLine,
    host: hosts,
    before: fc.array(field, { maxLength: 4 }),
    framing,
    behind: fc.array(field, { maxLength: 6 }),
  })
  .map((parts) => head(parts.line, parts.before, parts.host, parts.framing, parts.behind));

/** Mostly good answers. */
export const responseTexts: fc.Arbitrary<string> = fc
  .record({
    line: statusLine,
    before: fc.array(field, { maxLength: 4 }),
    framing,
    behind: fc.array(field, { maxLength: 6 }),
  })
  .map((parts) => head(parts.line, parts.before, parts.framing, parts.behind));

const scrap = fc.constantFrom(
  '',
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  ',',
  '\0',
  '\x7f',
  '\xff',
  '/',
  '0',
  'chunked',
  'Host: b\r\n',
  'x'.repeat(300),
);

/** `texts`, each with up to three places where something was put in, taken out or both. */
export function mutated(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({ at: fc.nat({ max: 400 }), taken: fc.constantFrom(0, 0, 1, 2, 3, 500), put: scrap });
  return fc.tuple(texts, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) =>
    changes.reduce((current, { at, taken, put }) => {
      const place = at % (current.length + 1);
      return current.slice(0, place) + put + current.slice(place + taken);
    }, text),
  );
}
