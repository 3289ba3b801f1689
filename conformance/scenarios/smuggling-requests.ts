import { type Message, value, values } from '../harness/message-reader.ts';

/** Bytes of a hostile or borderline client and what may come of them. */
export interface RequestCase {
  readonly name: string;
  readonly send: string;
  /** For each answer, in order, the statuses it may have. */
  readonly answers: readonly (readonly number[])[];
  /** Complete requests the backend may have seen afterwards. */
  readonly forwarded: readonly number[];
  /** The connection must be closed after the last answer. */
  readonly closed: boolean;
  readonly methods?: readonly string[];
  /** Looks at what the backend got; throws when it is wrong. */
  readonly check?: (requests: readonly Message[]) => void;
}

const REFUSALS = [400, 408, 411, 413, 414, 417, 431, 501, 505];

function refused(name: string, send: string, statuses: readonly number[] = [400]): RequestCase {
  return { name, send, answers: [statuses], forwarded: [0], closed: true };
}

function accepted(name: string, send: string, check?: RequestCase['check']): RequestCase {
  return { name, send, answers: [[200]], forwarded: [1], closed: false, ...(check && { check }) };
}

/** Where RFC 9112 leaves a choice: one answer, at most one request forwarded, and that one well-formed. */
function either(name: string, send: string, check?: RequestCase['check']): RequestCase {
  const answers = [[200, ...REFUSALS]];
  return { name, send, answers, forwarded: [0, 1], closed: false, ...(check && { check }) };
}

const HOST = 'Host: a.example\r\n';
const HIDDEN = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n';

/** A POST with these field lines; `rest` follows the head. */
function post(lines: string, rest: string): string {
  return `POST /case HTTP/1.1\r\n${HOST}${lines}\r\n\r\n${rest}`;
}

/** A GET with this in the place of one field line, line end included. */
function line(text: string): string {
  return `GET /case HTTP/1.1\r\n${HOST}${text}\r\n`;
}

/** A chunked POST with this body. */
function chunked(body: string): string {
  return post('Transfer-Encoding: chunked', body);
}

/** A GET with this Host line's value. */
function host(text: string): string {
  return `GET /case HTTP/1.1\r\nHost: ${text}\r\n\r\n`;
}

function start(text: string): string {
  return `${text}\r\n${HOST}\r\n`;
}

function expectEqual(what: string, got: unknown, want: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    throw new Error(`${what}: ${JSON.stringify(got)}, wanted ${JSON.stringify(want)}`);
  }
}

function bodyIs(text: string): RequestCase['check'] {
  return (requests) => {
    for (const each of requests) expectEqual('body', each.body.toString('latin1'), text);
  };
}

function headIs(target: string, hostValue: string): RequestCase['check'] {
  return ([request]) => {
    if (!request) return;
    expectEqual('target', request.start[1], target);
    expectEqual('Host', values(request.fields, 'host'), [hostValue]);
  };
}

function without(...names: string[]): RequestCase['check'] {
  return (requests) => {
    for (const { fields, trailers } of requests) {
      for (const name of names) expectEqual(name, values([...fields, ...trailers], name), []);
    }
  };
}

const framing: readonly RequestCase[] = [
  refused('CL.TE', post('Content-Length: 6\r\nTransfer-Encoding: chunked', `0\r\n\r\n${HIDDEN}`)),
  refused('TE.CL', post('Transfer-Encoding: chunked\r\nContent-Length: 4', `5c\r\n${HIDDEN}\r\n0\r\n\r\n`)),
  refused(
    'CL.TE in HTTP/1.0',
    `POST / HTTP/1.0\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ),
  ...[
    ...['chunked, identity', 'identity', 'xchunked', 'chunked;foo', 'chunked;foo=bar', '"chunked"', 'chunked chunked'],
    ...[
      'chunked, chunked',
      ',chunked,x',
      'identity, chunked',
      'x',
      '',
      'chunke',
      'chunked\x00',
      '\x0bchunked',
      'chunked\x0b',
    ],
    ...['chunked, cow', 'chunked\x0c', '\xffchunked', "'chunked'"],
  ].map((coding) =>
    refused(`TE.TE ${JSON.stringify(coding)}`, post(`Transfer-Encoding: ${coding}`, `0\r\n\r\n${HIDDEN}`), [400, 501]),
  ),
  either('TE gzip, chunked', post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n')),
  refused('TE space before colon', post('Transfer-Encoding : chunked', `0\r\n\r\n${HIDDEN}`)),
  refused('TE tab before colon', post('Transfer-Encoding\t: chunked', `0\r\n\r\n${HIDDEN}`)),
  refused('TE space before name', post(' Transfer-Encoding: chunked', `0\r\n\r\n${HIDDEN}`)),
  refused('TE twice', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', `0\r\n\r\n${HIDDEN}`)),
  refused(
    'TE twice, the second unknown',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x', `0\r\n\r\n${HIDDEN}`),
    [400, 501],
  ),
  refused('TE folded', post('Transfer-Encoding:\r\n chunked', `0\r\n\r\n${HIDDEN}`)),
  refused('TE after a bare LF', post('X: y\nTransfer-Encoding: chunked', '0\r\n\r\n')),
  refused('TE after a bare CR', post('X: y\rTransfer-Encoding: chunked', '0\r\n\r\n')),
  refused('TE in HTTP/1.0', `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  accepted('TE in mixed case', post('tRANSFER-eNCODING: cHuNkEd', '5\r\nhello\r\n0\r\n\r\n'), bodyIs('hello')),
  accepted('TE between tabs', post('Transfer-Encoding: \t chunked \t', '5\r\nhello\r\n0\r\n\r\n'), bodyIs('hello')),
  ...[
    '5, 5',
    '5,5',
    '5, 6',
    '+5',
    '-5',
    '5 5',
    '0x5',
    '',
    '5.0',
    '5e0',
    '5;',
    '"5"',
    '5\x0b',
    '5_0',
    '\xb25',
    ',5',
    '٥',
  ].map((length) => refused(`CL ${JSON.stringify(length)}`, post(`Content-Length: ${length}`, 'hello'))),
  ...['99999999999999999999', '18446744073709551621', '9223372036854775808', '9007199254740993'].map((length) =>
    refused(`CL ${length}`, post(`Content-Length: ${length}`, 'hello'), [400, 413]),
  ),
  refused('CL twice, equal', post('Content-Length: 5\r\nContent-Length: 5', 'hello')),
  refused('CL twice, different', post('Content-Length: 5\r\nContent-Length: 0', `hello${HIDDEN}`)),
  refused('CL twice, one of them in another case', post('Content-Length: 5\r\ncontent-LENGTH: 6', 'hello')),
  refused('CL space before colon', post('Content-Length : 5', 'hello')),
  refused('CL folded', post('Content-Length: 5\r\n 0', 'hello')),
  accepted('CL between spaces', post('Content-Length:   5  ', 'hello'), bodyIs('hello')),
  either('CL with leading zeros', post('Content-Length: 0005', 'hello'), bodyIs('hello')),
  accepted(
    'CL of a GET frames its body',
    `GET / HTTP/1.1\r\n${HOST}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    bodyIs(HIDDEN),
  ),
  accepted('a request inside a body is a body', post(`Content-Length: ${HIDDEN.length}`, HIDDEN), bodyIs(HIDDEN)),
  accepted(
    'a request inside a chunk is a body',
    chunked(`${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`),
    bodyIs(HIDDEN),
  ),
  accepted(
    'a request inside a HEAD body is a body',
    `OPTIONS / HTTP/1.1\r\n${HOST}Content-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
    bodyIs(HIDDEN),
  ),
  {
    ...accepted(
      'CL.0 is followed by a request of its own',
      post('Content-Length: 0', HIDDEN.replace('smuggled', 'second')),
    ),
    answers: [[200], [200]],
    forwarded: [2],
  },
];

const chunks: readonly RequestCase[] = [
  ...[
    '',
    '0x5',
    '+5',
    '-1',
    '5 ',
    ' 5',
    '5\t',
    'g',
    '5,',
    '5_',
    'ffffffffffffffff5',
    '10000000000000000',
    '５',
    '5\x00',
    '5\x0b',
    '5;\x00',
    '5;a\x01',
    '5;a="\x7f"',
  ].map((size) => refused(`chunk size ${JSON.stringify(size)}`, chunked(`${size}\r\nhello\r\n0\r\n\r\n`), [400, 413])),
  refused('chunk size 7fffffffffffffff', chunked('7fffffffffffffff\r\nhello\r\n0\r\n\r\n'), [400, 413]),
  refused('chunk size and bare LF', chunked('5\nhello\r\n0\r\n\r\n')),
  refused('chunk size and bare CR', chunked('5\rhello\r\n0\r\n\r\n')),
  refused('chunk extension with bare LF', chunked('5;a\nhello\r\n0\r\n\r\n')),
  refused('chunk extension with bare CR', chunked('5;a\rb\r\nhello\r\n0\r\n\r\n')),
  refused('chunk extension with a quoted CRLF', chunked('5;a="\r\n0\r\n\r\n"\r\nhello\r\n0\r\n\r\n')),
  refused('chunk extension of 100 KiB', chunked(`5;${'a'.repeat(102_400)}\r\nhello\r\n0\r\n\r\n`), [400, 413, 431]),
  refused('last chunk and bare LF', chunked('5\r\nhello\r\n0\n\n')),
  refused('chunk data without CRLF', chunked('5\r\nhello0\r\n\r\n')),
  refused('chunk data and bare LF', chunked('5\r\nhello\n0\r\n\r\n')),
  refused('chunk data too long', chunked('5\r\nhello!\r\n0\r\n\r\n')),
  refused('chunk data too short', chunked(`8\r\nhello\r\n0\r\n\r\n${HIDDEN}`)),
  accepted('chunk extension is dropped', chunked('5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n'), bodyIs('hello')),
  accepted(
    'chunk size in both cases, with zeros',
    chunked(`000aA\r\n${'x'.repeat(170)}\r\n0\r\n\r\n`),
    bodyIs('x'.repeat(170)),
  ),
  accepted('last chunk of many zeros', chunked('5\r\nhello\r\n0000\r\n\r\n'), bodyIs('hello')),
  ...['Content-Length: 5', 'Transfer-Encoding: chunked', 'Host: evil', 'Connection: close'].map((trailer) =>
    either(`trailer ${trailer}`, chunked(`0\r\n${trailer}\r\n\r\n`), (requests) => {
      without(trailer.split(':')[0] === 'Host' ? 'x' : 'content-length')?.(requests);
      expectEqual(
        'host',
        requests.flatMap((each) => values(each.fields, 'host')),
        requests.map(() => 'a.example'),
      );
    }),
  ),
  either('trailer that names the client', chunked('0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n'), without('x-none')),
  ...['X : y', ': y', 'no colon', 'X: a\x00b', 'X: y\r\n folded', 'X: a\nY: b', 'X: a\rb', 'X\x80: y'].map((trailer) =>
    refused(`trailer ${JSON.stringify(trailer)}`, chunked(`0\r\n${trailer}\r\n\r\n`)),
  ),
  refused('trailers of 200 KiB', chunked(`0\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(200)}\r\n`), [400, 413, 431]),
];

const fields: readonly RequestCase[] = [
  refused('obs-fold with a space', line('X: a\r\n b\r\n')),
  refused('obs-fold with a tab', line('X: a\r\n\tb\r\n')),
  refused('obs-fold of the first line', `GET / HTTP/1.1\r\n X: y\r\n${HOST}\r\n`),
  refused('bare LF as line ends', 'GET / HTTP/1.1\nHost: a.example\n\n'),
  refused('bare LF ends one line', line('X: a\nY: b\r\n')),
  refused('bare LF ends the head', `GET / HTTP/1.1\r\n${HOST}\n`),
  refused('bare LF after the request line', `GET / HTTP/1.1\n${HOST}\r\n`),
  refused('bare CR in a value', line('X: a\rb\r\n')),
  refused('bare CR in a name', line('X\ra: b\r\n')),
  refused('bare CR ends the head', `GET / HTTP/1.1\r\n${HOST}\r\rGET /smuggled HTTP/1.1\r\n\r\n`),
  refused('CR CR LF ends a line', line('X: a\r\r\n')),
  refused('bare LF in a name', line('X\na: b\r\n')),
  refused('space before the colon', line('X : a\r\n')),
  refused('empty name', line(': a\r\n')),
  refused('no colon', line('X\r\n')),
  refused('space in a name', line('X Y: a\r\n')),
  ...['(', ')', ',', '/', ';', '<', '=', '>', '?', '@', '[', '\\', ']', '{', '}', '"', '\x80', '\xff'].map(
    (character) => refused(`name with ${JSON.stringify(character)}`, line(`X${character}Y: a\r\n`)),
  ),
  ...[0, 1, 7, 8, 11, 12, 14, 27, 31, 127].flatMap((code) => {
    const character = String.fromCharCode(code);
    return [
      refused(`control ${code} in a value`, line(`X: a${character}b\r\n`)),
      refused(`control ${code} in a name`, line(`X${character}: b\r\n`)),
      refused(`control ${code} in the target`, start(`GET /a${character}b HTTP/1.1`)),
    ];
  }),
  refused('NUL ends the value of Host', host('a.example\x00.evil')),
  accepted('tab and high bytes in a value', line('X: a\tb\xe9\xff\r\n'), ([request]) =>
    expectEqual('X', value(request!.fields, 'x'), 'a\tb\xe9\xff'),
  ),
  accepted('empty value', line('X:\r\n'), ([request]) => expectEqual('X', value(request!.fields, 'x'), '')),
  accepted('all token characters in a name', line("!#$%&'*+-.^_`|~09azAZ: a\r\n"), ([request]) =>
    expectEqual('value', value(request!.fields, "!#$%&'*+-.^_`|~09azAZ"), 'a'),
  ),
];

const hosts: readonly RequestCase[] = [
  refused('no Host in HTTP/1.1', 'GET / HTTP/1.1\r\n\r\n'),
  refused('Host twice', `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`),
  refused('Host twice, different', `GET / HTTP/1.1\r\n${HOST}host: b.example\r\n\r\n`),
  ...[
    'a/b',
    'a b',
    'u@a',
    'u:p@a',
    'a,b',
    'a:x',
    'a:80:80',
    'a:99999',
    'a:-1',
    '[::1',
    '::1',
    'a?b',
    'a#b',
    'http://a',
    'a\\b',
    'a"b',
    '<a>',
    'a:80/',
    '[::1]x',
    '\xe9',
  ].map((name) => refused(`Host ${name}`, host(name))),
  either('empty Host', host('')),
  either('Host with an empty port', host('a:')),
  ...['a.example:8080', '127.0.0.1', '[::1]', '[::1]:80', 'A.EXAMPLE', 'xn--bcher-kva.example', 'a_b.example'].map(
    (name) => accepted(`Host ${name}`, host(name), headIs('/case', name)),
  ),
  accepted('no Host in HTTP/1.0', 'GET /case HTTP/1.0\r\n\r\n'),
  accepted(
    'absolute-form wins over Host',
    `GET http://b.example/x?y HTTP/1.1\r\n${HOST}\r\n`,
    headIs('/x?y', 'b.example'),
  ),
  accepted(
    'absolute-form with a port',
    `GET http://b.example:81/x HTTP/1.1\r\n${HOST}\r\n`,
    headIs('/x', 'b.example:81'),
  ),
  accepted('absolute-form without a path', `GET http://b.example HTTP/1.1\r\n${HOST}\r\n`, headIs('/', 'b.example')),
  accepted(
    'absolute-form with a query only',
    `GET http://b.example?q=/ HTTP/1.1\r\n${HOST}\r\n`,
    headIs('/?q=/', 'b.example'),
  ),
  accepted('absolute-form in capitals', `GET HTTP://b.example/x HTTP/1.1\r\n${HOST}\r\n`, headIs('/x', 'b.example')),
  refused('absolute-form without Host', 'GET http://b.example/x HTTP/1.1\r\n\r\n'),
  refused('absolute-form with user and password', `GET http://u:p@b.example/x HTTP/1.1\r\n${HOST}\r\n`),
  refused('absolute-form without a host', `GET http:///x HTTP/1.1\r\n${HOST}\r\n`),
  refused('absolute-form with a bad port', `GET http://b.example:x/x HTTP/1.1\r\n${HOST}\r\n`),
  either('absolute-form of another scheme', `GET ftp://b.example/x HTTP/1.1\r\n${HOST}\r\n`),
  either('absolute-form, Host bad', 'GET http://b.example/x HTTP/1.1\r\nHost: a/b\r\n\r\n', headIs('/x', 'b.example')),
];

const startLines: readonly RequestCase[] = [
  ...[
    ...[
      'GET  / HTTP/1.1',
      'GET /  HTTP/1.1',
      'GET\t/ HTTP/1.1',
      'GET /\tHTTP/1.1',
      ' GET / HTTP/1.1',
      'GET / HTTP/1.1 ',
    ],
    ...[
      'GET /',
      'GET',
      'GET  HTTP/1.1',
      'GET / HTTP/1.1 x',
      'GET / /smuggled HTTP/1.1',
      'GET / http/1.1',
      'GET / HTTP/1',
      'GET / HTTP/1.',
    ],
    ...[
      'GET / HTTP/1.11',
      'GET / HTTP/01.1',
      'GET / HTTP /1.1',
      'GET / HTTPS/1.1',
      'GET / XTTP/1.1',
      'GET / HTTP/1,1',
      'GET / HTTP/+1.1',
    ],
    ...[
      'G{T / HTTP/1.1',
      'G"T / HTTP/1.1',
      'G(T) / HTTP/1.1',
      ': / HTTP/1.1',
      '/ HTTP/1.1',
      'G\xc9T / HTTP/1.1',
      'GET /a#b HTTP/1.1',
    ],
    ...[
      'GET a HTTP/1.1',
      'GET @a HTTP/1.1',
      'GET a:80 HTTP/1.1',
      'GET * HTTP/1.1',
      'GET ?a HTTP/1.1',
      'GET /\x7f HTTP/1.1',
    ],
  ].map((text) => refused(JSON.stringify(text), start(text), [400, 501, 505])),
  ...['GET / HTTP/2.0', 'GET / HTTP/3.0', 'GET / HTTP/0.9', 'GET / HTTP/9.9', 'PRI * HTTP/2.0'].map((text) =>
    refused(text, start(text), [400, 505]),
  ),
  refused('HTTP/0.9', 'GET /\r\n', [400, 505]),
  refused('HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]),
  refused('TLS client hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'),
  refused('target of 100 KiB', start(`GET /${'a'.repeat(102_400)} HTTP/1.1`), [400, 414, 431]),
  refused('method of 100 KiB', start(`${'A'.repeat(102_400)} / HTTP/1.1`), [400, 414, 431, 501]),
  either('HTTP/1.2', start('GET /case HTTP/1.2')),
  either('high bytes in the target', start('GET /\xe9\xff HTTP/1.1')),
  either('backslash, quotes and braces in the target', start('GET /\\"<>{}|^` HTTP/1.1')),
  either('one empty line before', `\r\n${line('')}`),
  either('two empty lines before', `\r\n\r\n${line('')}`),
  refused('bare LF before', `\n${line('')}`),
  accepted(
    'dots and escapes are left alone',
    start('GET /a/../b/%2e%2e//%00?a=/../ HTTP/1.1'),
    headIs('/a/../b/%2e%2e//%00?a=/../', 'a.example'),
  ),
  accepted('unknown method', start('BREW /case HTTP/1.1')),
  accepted('lower-case method is another method', start('get /case HTTP/1.1'), ([request]) =>
    expectEqual('method', request!.start[0], 'get'),
  ),
  accepted('OPTIONS *', start('OPTIONS * HTTP/1.1'), headIs('*', 'a.example')),
  either('TRACE', start('TRACE /case HTTP/1.1')),
  refused('CONNECT', 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n', [400, 405, 501]),
  refused('CONNECT of a path', start('CONNECT / HTTP/1.1'), [400, 405, 501]),
];

/** Hop-by-hop removal must not take what frames, routes or describes the message. */
const hopByHop: readonly RequestCase[] = [
  ...[
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'X-Forwarded-For',
    'X-Real-IP',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
  ].map((name) =>
    either(`Connection: ${name}`, post(`Content-Length: 5\r\nConnection: close, ${name}`, 'hello'), (requests) => {
      bodyIs('hello')?.(requests);
      headIs('/case', 'a.example')?.(requests);
      for (const { fields: seen } of requests) {
        expectEqual('X-Forwarded-For', values(seen, 'x-forwarded-for'), ['127.0.0.1']);
        expectEqual('X-Real-IP', values(seen, 'x-real-ip'), ['127.0.0.1']);
        expectEqual('X-Forwarded-Proto', values(seen, 'x-forwarded-proto'), ['http']);
        expectEqual('X-Forwarded-Host', values(seen, 'x-forwarded-host'), ['a.example']);
      }
    }),
  ),
  either(
    'Connection: Transfer-Encoding on a chunked request',
    post('Transfer-Encoding: chunked\r\nConnection: Transfer-Encoding', '5\r\nhello\r\n0\r\n\r\n'),
    bodyIs('hello'),
  ),
  accepted(
    'Upgrade: h2c',
    line('Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
    without('upgrade', 'http2-settings'),
  ),
  accepted(
    'Upgrade: h2c, only Upgrade named',
    line('Upgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
    without('upgrade', 'http2-settings'),
  ),
  accepted('Upgrade not named in Connection', line('Upgrade: websocket\r\n'), without('upgrade')),
  {
    ...accepted(
      'an upgrade that is declined leaves an ordinary connection',
      `${line('Upgrade: websocket\r\nConnection: Upgrade\r\n')}GET /second HTTP/1.1\r\n${HOST}\r\n`,
    ),
    answers: [[200], [200]],
    forwarded: [2],
  },
  either(
    'underscores for dashes',
    line('X_Forwarded_For: 6.6.6.6\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\n'),
    ([request]) => request && expectEqual('X-Forwarded-For', values(request.fields, 'x-forwarded-for'), ['127.0.0.1']),
  ),
  either('Expect: something else', post('Content-Length: 5\r\nExpect: 200-maybe', 'hello')),
  either(
    'Keep-Alive and Proxy-Connection',
    line('Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n'),
    without('keep-alive', 'proxy-connection'),
  ),
];

const pipelines: readonly RequestCase[] = [
  ...[
    ['garbage', 'garbage\r\n\r\n'],
    ['binary', '\x00\x01\x02\x03\r\n\r\n'],
    ['CL and TE', post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n')],
    ['a bad chunk', chunked('x\r\n')],
  ].map(([what, bytes]) => ({
    ...refused(`a good request, then ${what}`, `${line('')}${bytes}`),
    answers: [[200], [400]],
    forwarded: [1],
  })),
  {
    ...refused('a body longer than its length', post('Content-Length: 5', 'hello, more\r\n\r\n')),
    answers: [[200], [400]],
    forwarded: [1],
  },
  {
    ...refused('nothing after a refusal is read', `GET / HTTP/1.1\r\nHost : a\r\n\r\n${HIDDEN}${HIDDEN}`),
    answers: [[400]],
  },
  {
    ...accepted('after Connection: close nothing is read', `${line('Connection: close\r\n')}${HIDDEN}`),
    closed: true,
  },
];

export const requestGroups: Readonly<Record<string, readonly RequestCase[]>> = {
  framing,
  chunks,
  fields,
  hosts,
  'start lines': startLines,
  'hop by hop': hopByHop,
  pipelines,
};
