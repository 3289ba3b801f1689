import { describe, expect, test } from 'vitest';
import { parseRequest, readRequest } from '../../testing/heads.ts';
import { COMPLETE, INCOMPLETE } from './field-scanner.ts';

const withHost = (line: string) => `${line}\r\nHost: a.example\r\n\r\n`;

describe('a request line is read', () => {
  test.each([
    { why: 'origin form', line: 'GET /x HTTP/1.1', want: { method: 'GET', target: '/x', path: '/x' } },
    { why: 'a path ends at the query', line: 'GET /x?y=/z HTTP/1.1', want: { target: '/x?y=/z', path: '/x' } },
    { why: 'two slashes begin a path', line: 'GET //b.example/ HTTP/1.1', want: { path: '//b.example/' } },
    { why: 'any token is a method', line: "M-SEARCH!#$%&'*+.^_`|~ / HTTP/1.1", want: { isIdempotent: false } },
    { why: 'HTTP/1.0', line: 'GET / HTTP/1.0', want: { isHttp10: true, keepAlive: false } },
    { why: 'HTTP/1.1', line: 'GET / HTTP/1.1', want: { isHttp10: false, keepAlive: true } },
    { why: 'asterisk form', line: 'OPTIONS * HTTP/1.1', want: { isAsterisk: true, path: '*' } },
    {
      why: 'absolute form: its authority is the host',
      line: 'GET http://b.example:81/x?y HTTP/1.1',
      want: { isAbsoluteForm: true, host: 'b.example:81', path: '/x' },
    },
    { why: 'the scheme in any case', line: 'GET HTTPS://b.example/ HTTP/1.1', want: { host: 'b.example' } },
    { why: 'absolute form without path', line: 'GET http://b.example HTTP/1.1', want: { path: '/' } },
    { why: 'absolute form with a query alone', line: 'GET http://b.example?y HTTP/1.1', want: { path: '/' } },
    { why: 'absolute form of OPTIONS', line: 'OPTIONS http://b.example HTTP/1.1', want: { isAsterisk: false } },
    { why: 'IPv6 in absolute form', line: 'GET http://[::1]:8080/ HTTP/1.1', want: { host: '[::1]:8080' } },
    { why: 'one empty line before it', line: '\r\nGET / HTTP/1.1', want: { method: 'GET' } },
  ])('$why', ({ line, want }) => {
    expect(readRequest(withHost(line))).toMatchObject({ status: COMPLETE, ...want });
  });

  test.each([
    ['GET', true],
    ['HEAD', true],
    ['PUT', true],
    ['DELETE', true],
    ['OPTIONS', true],
    ['TRACE', true],
    ['POST', false],
    ['PATCH', false],
    ['get', false],
    ['GOT', false],
    ['PUTT', false],
    ['HEAR', false],
    ['DELETS', false],
    ['TRACK', false],
    ['OPTIONZ', false],
  ])('%s may be sent again: %j', (method, isIdempotent) => {
    expect(readRequest(withHost(`${method} / HTTP/1.1`))).toMatchObject({ isIdempotent, isHead: method === 'HEAD' });
  });
});

describe('a request line is refused', () => {
  test.each([
    { why: 'two empty lines before it', line: '\r\n\r\nGET / HTTP/1.1', want: 400 },
    { why: 'a bare LF before it', line: '\nGET / HTTP/1.1', want: 400 },
    { why: 'a bare CR before it', line: '\rGET / HTTP/1.1', want: 400 },
    { why: 'a space before it', line: ' GET / HTTP/1.1', want: 400 },
    { why: 'bare LF at its end', line: 'GET / HTTP/1.1\nHost: a.example', want: 400 },
    { why: 'a bare CR in the target', line: 'GET /\rx HTTP/1.1', want: 400 },
    { why: 'a CR before the line end', line: 'GET / HTTP/1.1\r', want: 400 },
    { why: 'two spaces before the target', line: 'GET  / HTTP/1.1', want: 400 },
    { why: 'two spaces before the version', line: 'GET /  HTTP/1.1', want: 400 },
    { why: 'a space behind the version', line: 'GET / HTTP/1.1 ', want: 400 },
    { why: 'a tab for a space', line: 'GET\t/ HTTP/1.1', want: 400 },
    { why: 'a tab before the version', line: 'GET /\tHTTP/1.1', want: 400 },
    { why: 'a space in the target', line: 'GET /a b HTTP/1.1', want: 400 },
    { why: 'a fragment in the target', line: 'GET /a#b HTTP/1.1', want: 400 },
    { why: 'a control character in the target', line: 'GET /\x01 HTTP/1.1', want: 400 },
    { why: 'NUL in the target', line: 'GET /\0 HTTP/1.1', want: 400 },
    { why: 'DEL in the target', line: 'GET /\x7f HTTP/1.1', want: 400 },
    { why: 'a byte above ASCII in the target', line: 'GET /\xe4 HTTP/1.1', want: 400 },
    { why: 'no target', line: 'GET HTTP/1.1', want: 400 },
    { why: 'an empty target', line: 'GET  HTTP/1.1', want: 400 },
    { why: 'no method', line: '/ HTTP/1.1', want: 400 },
    { why: 'a method that is no token', line: 'G(T / HTTP/1.1', want: 400 },
    { why: 'a colon in the method', line: 'GET: / HTTP/1.1', want: 400 },
    { why: 'HTTP/0.9', line: 'GET /', want: 400 },
    { why: 'nothing but a method', line: 'GET', want: 400 },
    { why: 'HTTP/2', line: 'PRI * HTTP/2.0', want: 505 },
    { why: 'HTTP/1.2', line: 'GET / HTTP/1.2', want: 505 },
    { why: 'HTTP/0.9 spelled out', line: 'GET / HTTP/0.9', want: 505 },
    { why: 'a version with two digits', line: 'GET / HTTP/1.10', want: 400 },
    { why: 'a version without dot', line: 'GET / HTTP/1x1', want: 400 },
    { why: 'the protocol in lower case', line: 'GET / http/1.1', want: 400 },
    { why: 'another protocol', line: 'GET / HTTQ/1.1', want: 400 },
    { why: 'CONNECT', line: 'CONNECT a.example:443 HTTP/1.1', want: 501 },
    { why: 'CONNECT with a path', line: 'CONNECT /x HTTP/1.1', want: 501 },
    { why: 'CONNECT in absolute form', line: 'CONNECT http://a.example/ HTTP/1.1', want: 501 },
    { why: 'an asterisk without OPTIONS', line: 'GET * HTTP/1.1', want: 400 },
    { why: 'an asterisk with a method as long as OPTIONS', line: 'OPTIONZ * HTTP/1.1', want: 400 },
    { why: 'an asterisk with more', line: 'OPTIONS *x HTTP/1.1', want: 400 },
    { why: 'a target without slash', line: 'GET x HTTP/1.1', want: 400 },
    { why: 'an unknown scheme', line: 'GET ftp://b.example/ HTTP/1.1', want: 400 },
    { why: 'one slash behind the scheme', line: 'GET http:/b.example/ HTTP/1.1', want: 400 },
    { why: 'absolute form without host', line: 'GET http:///x HTTP/1.1', want: 400 },
    { why: 'absolute form with a user', line: 'GET http://u@b.example/ HTTP/1.1', want: 400 },
    { why: 'absolute form with a bad port', line: 'GET http://b.example:x/ HTTP/1.1', want: 400 },
  ])('$why', ({ line, want }) => {
    expect(readRequest(withHost(line))).toEqual({ status: want });
  });

  test('a line that begins with no token is refused at its first byte', () => {
    expect(parseRequest('\x16').status).toBe(400);
    expect(parseRequest('\rX').status).toBe(400);
    expect(parseRequest('\r').status).toBe(INCOMPLETE);
    expect(parseRequest('G').status).toBe(INCOMPLETE);
  });
});
