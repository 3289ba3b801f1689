import { describe, expect, test } from 'vitest';
import { parseRequest, readResponse } from '../../testing/heads.ts';
import { fixedAnswers, problemAnswer, redirectAnswer, variant } from './problem.ts';

/** Head and body apart; the head as our own parser reads it. */
function parts(answer: Buffer) {
  const text = answer.toString('latin1');
  const head = readResponse(text);
  return { head, fields: head.fields, body: answer.subarray(head.length).toString('utf8') };
}

describe('problemAnswer', () => {
  test.each([400, 404, 408, 413, 414, 417, 431, 501, 502, 503, 504, 505])('%d', (status) => {
    const { head, fields, body } = parts(problemAnswer(status, false, false));
    expect(head).toMatchObject({ status, keepAlive: true, contentLength: Buffer.byteLength(body), lacksReason: false });
    expect(fields).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: expect.stringMatching(/./),
      status,
      detail: expect.stringMatching(/\.$/),
    });
  });

  test('close is said', () => {
    expect(parts(problemAnswer(400, true, false)).head).toMatchObject({ keepAlive: false });
  });

  test('HEAD gets the length of the body that it does not get', () => {
    const { head, body } = parts(problemAnswer(503, false, true));
    expect(head.contentLength).toBe(parts(problemAnswer(503, false, false)).body.length);
    expect(body).toBe('');
  });

  test('a status without a text of its own', () => {
    expect(JSON.parse(parts(problemAnswer(418, false, false)).body)).toMatchObject({ status: 418, title: 'Error' });
  });
});

describe('fixedAnswers', () => {
  const options = { status: 200, body: 'grüße', contentType: 'text/plain; charset=utf-8' };

  test('has its body, by bytes', () => {
    const { head, fields, body } = parts(fixedAnswers(options)[variant(false, false)]!);
    expect(head).toMatchObject({ status: 200, contentLength: 7, keepAlive: true });
    expect([fields?.[0], body]).toEqual(['Content-Type: text/plain; charset=utf-8', 'grüße']);
  });

  test('HEAD', () => {
    expect(parts(fixedAnswers(options)[variant(true, true)]!)).toMatchObject({
      head: { contentLength: 7, keepAlive: false },
      body: '',
    });
  });

  test.each([204, 304])('%d has neither body nor length', (status) => {
    expect(parts(fixedAnswers({ ...options, status })[variant(false, false)]!)).toMatchObject({
      head: { status, contentLength: -1 },
      body: '',
    });
  });
});

describe('redirectAnswer', () => {
  const location = (to: string, target: string) => {
    const { head } = parseRequest(`GET ${target} HTTP/1.1\r\nHost: a.example:81\r\n\r\n`, { at: 9 });
    const { fields, body, head: answer } = parts(redirectAnswer({ status: 308, to }, head, false));
    expect([answer.status, answer.contentLength, body]).toEqual([308, 0, '']);
    return fields?.[0];
  };

  test.each([
    { to: 'https://b.example/', target: '/x?y', want: 'https://b.example/' },
    { to: 'https://{host}{path}{query}', target: '/x/y?z=1?2', want: 'https://a.example:81/x/y?z=1?2' },
    { to: '/new{path}{path}?{query}', target: '/x', want: '/new/x/x?' },
    { to: 'https://{host}{path}{query}', target: 'http://c.example?y', want: 'https://c.example/?y' },
    { to: '{path}{port}$&', target: '/{host}$1', want: '/{host}$1{port}$&' },
  ])('$to of $target', ({ to, target, want }) => {
    expect(location(to, target)).toBe(`Location: ${want}`);
  });
});
