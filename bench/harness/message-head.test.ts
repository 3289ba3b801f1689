import { expect, test } from 'vitest';
import { contentLength, headEnd } from './message-head.ts';

const heads = [
  { text: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', end: 27, length: -1 },
  { text: 'HTTP/1.1 200 OK\r\nContent-Length: 120\r\n\r\nbody', end: 40, length: 120 },
  { text: 'HTTP/1.1 200 OK\r\ncontent-length:7\r\nX: y\r\n\r\n', end: 43, length: 7 },
  { text: 'HTTP/1.1 200 OK\r\nX-Content-Length: 7\r\n\r\n', end: 40, length: -1 },
];
test.each(heads)('$text', ({ text, end, length }) => {
  const bytes = Buffer.from(text);
  expect(headEnd(bytes, bytes.length)).toBe(end);
  expect(contentLength(bytes, end)).toBe(length);
});

test('a head that was cut has no end', () => {
  const bytes = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 120\r\n\r\n');
  for (let count = 0; count < bytes.length; count++) expect(headEnd(bytes, count)).toBe(-1);
});
