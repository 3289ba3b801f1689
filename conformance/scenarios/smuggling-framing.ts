import { values } from '../harness/message-reader.ts';
import {
  accepted,
  bodyIs,
  chunked,
  either,
  expectEqual,
  HIDDEN,
  HOST,
  post,
  type RequestCase,
  refused,
  without,
} from './smuggling-case.ts';

/** Fields with a meaning for servers that merge trailers into the head, some of which read `_` as `-`. */
const MERGED = [
  ...['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'X-Forwarded-Proto', 'X-Request-Id'],
  ...['X_Forwarded_For', 'X_Real_IP', 'Proxy-Authorization'],
];

export const framing: readonly RequestCase[] = [
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

export const chunks: readonly RequestCase[] = [
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
  ...MERGED.map((name) =>
    either(
      `trailer ${name}, which a server may merge into the head`,
      chunked(`0\r\n${name}: 6.6.6.6\r\n\r\n`),
      (requests) => {
        expectEqual(
          'trailers',
          requests.flatMap((each) => values(each.trailers, name)),
          [],
        );
      },
    ),
  ),
  ...['X : y', ': y', 'no colon', 'X: a\x00b', 'X: y\r\n folded', 'X: a\nY: b', 'X: a\rb', 'X\x80: y'].map((trailer) =>
    refused(`trailer ${JSON.stringify(trailer)}`, chunked(`0\r\n${trailer}\r\n\r\n`)),
  ),
  refused('trailers of 200 KiB', chunked(`0\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(200)}\r\n`), [400, 413, 431]),
];
