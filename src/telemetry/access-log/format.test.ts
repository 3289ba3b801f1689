import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineWriter } from './format.ts';
import { type AccessRecord, createRecord } from './record.ts';

const AT = Date.UTC(2026, 10, 22, 9, 5, 7, 43);

const record = (given: Partial<AccessRecord> = {}): AccessRecord => ({
  ...createRecord('web', 0),
  ...{ startedAt: AT, durationMs: 12.3456, firstByteMs: 1.5, route: '/a/*', pool: 'main', endpoint: 'e1' },
  ...{ clientIp: '10.0.0.1', method: 'GET', host: 'a.b', path: '/a/x', query: 'q=1', status: 200, bytesOut: 17 },
  ...{ bytesIn: 3, retries: 1, requestId: 'r-1' },
  ...given,
});

describe('json', () => {
  const json = (given: Partial<AccessRecord>, headers: readonly string[] = []) =>
    JSON.parse(createLineWriter('json', headers)(record(given)));

  test('has every field that is known', () => {
    expect(json({})).toEqual({
      ...{ time: '2026-11-22T09:05:07.043Z', listener: 'web', route: '/a/*', client: '10.0.0.1', method: 'GET' },
      ...{ host: 'a.b', path: '/a/x', query: 'q=1', status: 200, bytesIn: 3, bytesOut: 17, durationMs: 12.346 },
      ...{ firstByteMs: 1.5, pool: 'main', endpoint: 'e1', retries: 1, requestId: 'r-1', end: 'complete' },
    });
  });

  test('leaves out what there is none of', () => {
    const empty = { route: '', pool: '', endpoint: '', query: '', requestId: '', firstByteMs: -1 };
    const keys = ['time', 'listener', 'client', 'method', 'host', 'path', 'status', 'bytesIn', 'bytesOut'];
    expect(Object.keys(json(empty))).toEqual([...keys, 'durationMs', 'retries', 'end']);
    expect(json({ headers: ['', 'curl'] }, ['referer', 'user-agent'])).toMatchObject({ 'user-agent': 'curl' });
    expect(json({ headers: ['', 'curl'] }, ['referer', 'user-agent'])).not.toHaveProperty('referer');
  });

  test('any text comes back, shortened to 512 characters', () => {
    const write = createLineWriter('json', ['user-agent']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 700 }), fc.string({ maxLength: 50 }), (path, agent) => {
        const line = write(record({ path: `/${path}`, headers: [agent] }));
        const read = JSON.parse(line) as Record<string, unknown>;
        const whole = `/${path}`;
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(read['path']).toBe(whole.length <= 512 ? whole : `${whole.slice(0, 511)}…`);
        expect(read['user-agent'] ?? '').toBe(agent);
      }),
      { seed: 1 },
    );
  });

  test('times are right in every second and millisecond', () => {
    const write = createLineWriter('json', []);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.double({ min: 0, max: 1e7, noNaN: true }), (at, ms) => {
        const read = JSON.parse(write(record({ startedAt: at + 0.25, durationMs: ms })));
        expect(read.time).toBe(new Date(at).toISOString());
        expect(Math.abs(read.durationMs - ms)).toBeLessThan(0.0006);
      }),
      { seed: 1 },
    );
  });
});

test.each([
  {
    why: 'common',
    headers: [],
    given: {},
    want: '10.0.0.1 - - [22/Nov/2026:09:05:07 +0000] "GET /a/x?q=1 HTTP/1.1" 200 17',
  },
  {
    why: 'common with headers, the Combined one',
    headers: ['referer', 'user-agent'],
    given: { headers: ['', 'a "b"\\'], query: '', bytesOut: 0 },
    want: '10.0.0.1 - - [22/Nov/2026:09:05:07 +0000] "GET /a/x HTTP/1.1" 200 - "-" "a \\"b\\"\\\\"',
  },
  {
    why: 'common: a head that could not be read',
    headers: [],
    given: { method: '', status: 400, bytesOut: 0 },
    want: '10.0.0.1 - - [22/Nov/2026:09:05:07 +0000] "-" 400 -',
  },
])('$why', ({ headers, given, want }) => {
  expect(createLineWriter('common', headers)(record(given))).toBe(`${want}\n`);
});

test.each([
  {
    given: {},
    want: '10.0.0.1:0 [22/Nov/2026:09:05:07.043] web main/e1 0/0/0/2/12 200 17 - - ---- 0/0/0/0/1 0/0 "GET /a/x?q=1 HTTP/1.1"',
  },
  {
    given: { endpoint: '', pool: '', firstByteMs: -1, status: 404, end: 'no-route' as const, retries: 0 },
    want: '10.0.0.1:0 [22/Nov/2026:09:05:07.043] web web/<NOSRV> 0/0/0/-1/12 404 17 - - PR-- 0/0/0/0/0 0/0 "GET /a/x?q=1 HTTP/1.1"',
  },
])('haproxy: $want', ({ given, want }) => {
  expect(createLineWriter('haproxy', [])(record(given))).toBe(`${want}\n`);
});
