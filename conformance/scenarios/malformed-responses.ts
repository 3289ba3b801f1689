/** What a backend does with one request, and what may become of it at the client. */
export interface ResponseCase {
  readonly name: string;
  /** The backend's answer, byte for byte. */
  readonly answer: string;
  /** Pieces sent after it, each in a write of its own. */
  readonly more?: readonly string[];
  /** What the backend does afterwards. */
  readonly then: 'keep' | 'end' | 'reset';
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** HTTP version of the client's request. Default 1.1. */
  readonly version?: '1.0' | '1.1';
  readonly want: Want;
}

/**
 * `gateway`  502 or 504 made by the balancer
 * `cut`      an answer has begun and is visibly cut: never a clean end
 * `failed`   one of the two: it depends on what had arrived when
 * `body:x`   an answer with exactly this content
 * `any`      the message may be read in one way or refused; what counts is the next request
 */
export type Want = 'gateway' | 'cut' | 'failed' | 'any' | `body:${string}`;

const STOLEN = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen';

function failing(want: Want, name: string, answer: string, then: ResponseCase['then'] = 'keep'): ResponseCase {
  return { name, answer, then, want };
}

function gateway(name: string, answer: string, then?: ResponseCase['then']): ResponseCase {
  return failing('gateway', name, answer, then);
}

/** An answer with these field lines in front of five bytes. */
function fields(lines: string): string {
  return `HTTP/1.1 200 OK\r\n${lines}\r\n\r\nhello`;
}

function line(text: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n${text}\r\n\r\nhello`;
}

function chunked(body: string): string {
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
}

const framing: readonly ResponseCase[] = [
  gateway(
    'CL and TE',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ),
  gateway(
    'TE and CL',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ),
  ...['5, 5', '+5', '-5', '5 5', '0x5', '', '5.0', '99999999999999999999', '18446744073709551621', '\x0b5'].map(
    (length) => gateway(`CL ${JSON.stringify(length)}`, fields(`Content-Length: ${length}`)),
  ),
  gateway('CL twice, equal', fields('Content-Length: 5\r\nContent-Length: 5')),
  gateway('CL twice, different', fields('Content-Length: 5\r\nContent-Length: 6')),
  gateway('TE twice', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
  ...['xchunked', 'chunked, identity', 'chunked, chunked', 'chunked;a=b', ''].map((coding) =>
    failing(
      'any',
      `TE ${JSON.stringify(coding)}`,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n0\r\n\r\n${STOLEN}`,
      'end',
    ),
  ),
  failing(
    'any',
    'TE in HTTP/1.0',
    `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    'end',
  ),
  ...['', 'x', '0x5', '-1', '+5', '5 ', '10000000000000000', 'fffffffffffffffff', '5;a\x00', '5;a\nb'].map((size) =>
    failing('failed', `chunk size ${JSON.stringify(size)}`, chunked(`${size}\r\nhello\r\n0\r\n\r\n`)),
  ),
  failing('failed', 'chunk size and bare LF', chunked('5\nhello\r\n0\r\n\r\n')),
  failing('failed', 'chunk data without CRLF', chunked('5\r\nhelloo\r\n0\r\n\r\n')),
  failing('failed', 'trailer without a colon', chunked('5\r\nhello\r\n0\r\nX\r\n\r\n')),
  failing('failed', 'trailer with NUL', chunked('5\r\nhello\r\n0\r\nX: a\x00\r\n\r\n')),
  {
    ...failing('body:', '204 with a length and bytes', 'HTTP/1.1 204 No Content\r\nContent-Length: 6\r\n\r\nstolen'),
    want: 'any',
  },
  {
    ...failing(
      'any',
      '204 with chunks',
      'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nstolen\r\n0\r\n\r\n',
    ),
  },
  failing('any', '304 with a length and bytes', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\nstolen'),
  {
    ...failing('any', 'HEAD answered with bytes', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen'),
    method: 'HEAD',
  },
  {
    ...failing(
      'any',
      'HEAD answered with a whole answer as content',
      `HTTP/1.1 200 OK\r\nContent-Length: ${STOLEN.length}\r\n\r\n${STOLEN}`,
    ),
    method: 'HEAD',
  },
];

const heads: readonly ResponseCase[] = [
  ...[
    ...[
      'HTTP/1.1 20 OK',
      'HTTP/1.1 2000 OK',
      'HTTP/1.1 abc OK',
      'HTTP/1.1  200 OK',
      'HTTP/1.1',
      'HTTP/1.1 -20 OK',
      'HTTP/1.1 2x0 OK',
    ],
    ...[
      'HTTP/2.0 200 OK',
      'HTTP/1.11 200 OK',
      'http/1.1 200 OK',
      'ICY 200 OK',
      '200 OK',
      'HTTP 200 OK',
      'HTTP/1.1\t200 OK',
      ' HTTP/1.1 200 OK',
    ],
    ...['HTTP/1.1 200 O\x00K', 'HTTP/1.1 200 O\rK', 'HTTP/1.1 099 OK', 'HTTP/1.1 000 OK', 'GET / HTTP/1.1'],
  ].map((start) => gateway(JSON.stringify(start), `${start}\r\nContent-Length: 5\r\n\r\nhello`)),
  failing('any', 'no reason and no space', 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello'),
  failing('any', 'status 999', 'HTTP/1.1 999 X\r\nContent-Length: 5\r\n\r\nhello'),
  gateway('obs-fold', line('X: a\r\n b')),
  gateway('space before the colon', line('X : a')),
  gateway('empty name', line(': a')),
  gateway('no colon', line('X')),
  gateway('space in a name', line('X Y: a')),
  gateway('high byte in a name', line('X\xe9: a')),
  ...[0, 1, 8, 11, 12, 27, 127].map((code) =>
    gateway(`control ${code} in a value`, line(`X: a${String.fromCharCode(code)}b`)),
  ),
  gateway('bare LF as line ends', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'),
  gateway('bare LF ends one line', line('X: a\nY: b')),
  gateway('bare CR in a value', line('X: a\rb')),
  gateway('splits the answer by a bare CR', line('X: a\r\rHTTP/1.1 200 OK')),
  gateway('head of 200 KiB', line(`X: ${'a'.repeat(204_800)}`)),
  gateway('5,000 fields', line('X: a\r\n'.repeat(5000).slice(0, -2))),
  gateway('head that never ends', `HTTP/1.1 200 OK\r\n${'X: a\r\n'.repeat(50_000)}`),
  gateway('garbage', 'garbage\r\n\r\n', 'end'),
  gateway('binary', '\x00\x01\x02\xff\xfe\r\n\r\n', 'end'),
  gateway('garbage before the answer', `garbage${fields('Content-Length: 5')}`),
  gateway('empty line before the answer', `\n${fields('Content-Length: 5')}`),
  gateway('101 without asking', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello'),
  failing('any', '5,000 times 100', `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(5000)}${fields('Content-Length: 5')}`),
  gateway('1xx with NUL', `HTTP/1.1 103 Early Hints\r\nX: \x00\r\n\r\n${fields('Content-Length: 5')}`),
  failing(
    'any',
    '1xx with content',
    `HTTP/1.1 102 Processing\r\nContent-Length: 6\r\n\r\nstolen${fields('Content-Length: 5')}`,
  ),
];

const cuts: readonly ResponseCase[] = [
  gateway('closed at once', '', 'end'),
  gateway('reset at once', '', 'reset'),
  { ...gateway('closed at once after a POST', '', 'end'), method: 'POST' },
  { ...gateway('reset at once after a POST', '', 'reset'), method: 'POST' },
  gateway('silence', ''),
  gateway('half a status line, then closed', 'HTTP/1.1 20', 'end'),
  gateway('half a head, then closed', 'HTTP/1.1 200 OK\r\nContent-Le', 'end'),
  gateway('half a head, then reset', 'HTTP/1.1 200 OK\r\nContent-Le', 'reset'),
  gateway('half a head, then silence', 'HTTP/1.1 200 OK\r\nContent-Le'),
  gateway('1xx, then closed', 'HTTP/1.1 100 Continue\r\n\r\n', 'end'),
  ...(['end', 'reset', 'keep'] as const).flatMap((then) => [
    failing('cut', `half a body by length, then ${then}`, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello', then),
    failing('cut', `no body by length, then ${then}`, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n', then),
    failing('cut', `half a chunk, then ${then}`, chunked('a\r\nhello'), then),
    failing('cut', `no last chunk, then ${then}`, chunked('5\r\nhello\r\n'), then),
    failing('cut', `half a last chunk, then ${then}`, chunked('5\r\nhello\r\n0\r\n'), then),
    {
      ...failing(
        'cut',
        `half a body by length to 1.0, then ${then}`,
        'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello',
        then,
      ),
      version: '1.0' as const,
    },
    {
      ...failing('cut', `no last chunk to 1.0, then ${then}`, chunked('5\r\nhello\r\n'), then),
      version: '1.0' as const,
    },
  ]),
  failing('cut', 'half a body until close, then reset', 'HTTP/1.1 200 OK\r\n\r\nhello', 'reset'),
  { ...failing('cut', 'a bad chunk after a good one', chunked('5\r\nhello\r\n')), more: ['x\r\n'] },
  {
    ...failing('cut', 'an overflowing chunk after a good one', chunked('5\r\nhello\r\n')),
    more: ['fffffffffffffffff\r\n'],
  },
];

/** The first answer is good; what follows it belongs to nobody. */
const excess: readonly ResponseCase[] = [
  ...(['keep', 'end'] as const).flatMap((then) => [
    failing(
      'body:hello',
      `a second answer in the same write, then ${then}`,
      `${fields('Content-Length: 5')}${STOLEN}`,
      then,
    ),
    failing(
      'body:hello',
      `a second answer after chunks, then ${then}`,
      chunked(`5\r\nhello\r\n0\r\n\r\n${STOLEN}`),
      then,
    ),
    {
      ...failing(
        'body:hello',
        `a second answer in a write of its own, then ${then}`,
        fields('Content-Length: 5'),
        then,
      ),
      more: [STOLEN],
    },
  ]),
  failing('body:hello', 'garbage after the answer', `${fields('Content-Length: 5')}garbage`),
  failing('body:hello', 'an empty line after the answer', `${fields('Content-Length: 5')}\r\n`),
  failing('body:hello', 'NUL after the answer', `${fields('Content-Length: 5')}\x00`),
  {
    ...failing('body:hello', '408 on the idle connection', fields('Content-Length: 5')),
    more: ['HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n'],
  },
  {
    ...failing('body:hello', '100 on the idle connection', fields('Content-Length: 5')),
    more: ['HTTP/1.1 100 Continue\r\n\r\n'],
  },
  {
    ...failing('body:hello', 'half an answer on the idle connection', fields('Content-Length: 5')),
    more: ['HTTP/1.1 200 OK\r\nX: '],
  },
  failing('body:hello', 'reset after the answer', fields('Content-Length: 5'), 'reset'),
  failing('body:hello', 'closed after the answer', fields('Content-Length: 5'), 'end'),
];

export const responseGroups: Readonly<Record<string, readonly ResponseCase[]>> = { framing, heads, cuts, excess };
