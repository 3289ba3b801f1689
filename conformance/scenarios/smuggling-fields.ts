import { value } from '../harness/message-reader.ts';
import {
  accepted,
  either,
  expectEqual,
  HOST,
  headIs,
  host,
  line,
  type RequestCase,
  refused,
  start,
} from './smuggling-case.ts';

export const fields: readonly RequestCase[] = [
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

export const hosts: readonly RequestCase[] = [
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
