import { expect, test } from 'vitest';
import { operations } from './operations.ts';
import { createRouter } from './router.ts';

const route = createRouter(operations);

test.each([
  ['GET', '/api/v1/pools', 'GET /api/v1/pools', {}],
  ['HEAD', '/api/v1/pools', 'GET /api/v1/pools', {}],
  ['GET', '/api/v1/pools/a', 'GET /api/v1/pools/{pool}', { pool: 'a' }],
  ['GET', '/api/v1/pools/a%2Fb', 'GET /api/v1/pools/{pool}', { pool: 'a/b' }],
  ['GET', '/api/v1/pools/..', 'GET /api/v1/pools/{pool}', { pool: '..' }],
  ['GET', '/api/v1/pools/__proto__', 'GET /api/v1/pools/{pool}', { pool: '__proto__' }],
  ['PATCH', '/api/v1/pools/a/endpoints/b', 'PATCH /api/v1/pools/{pool}/endpoints/{id}', { pool: 'a', id: 'b' }],
  ['PATCH', '/api/v1/pools/a/endpoints/[::1]:80', 'PATCH …{id}', { pool: 'a', id: '[::1]:80' }],
  ['PATCH', '/api/v1/pools/a/endpoints/%5B%3A%3A1%5D%3A80', 'PATCH …{id}', { pool: 'a', id: '[::1]:80' }],
  ['DELETE', '/api/v1/pools/a/endpoints/unix:/run/x', 'DELETE …{id}', { pool: 'a', id: 'unix:/run/x' }],
  ['DELETE', '/api/v1/pools/a/endpoints/unix:%2Frun%2Fx', 'DELETE …{id}', { pool: 'a', id: 'unix:/run/x' }],
  ['PATCH', '/api/v1/pools/a/endpoints/%E2%98%83', 'PATCH …{id}', { pool: 'a', id: '☃' }],
  ['POST', '/api/v1/pools/a/endpoints', 'POST /api/v1/pools/{pool}/endpoints', { pool: 'a' }],
])('%s %s is %s', (method, path, want, parameters) => {
  const found = route(method, path);
  if (found.kind !== 'operation') throw new Error(found.kind);
  const name = `${found.operation.method} ${found.operation.path}`;
  expect(name.endsWith(want.split('…').at(-1)!) && name.startsWith(want.split('…')[0]!)).toBe(true);
  expect(found.parameters).toEqual(parameters);
});

test.each([
  ['GET', '/', 'nothing'],
  ['GET', '/api/v1', 'nothing'],
  ['GET', '/api/v1/pools/', 'nothing'],
  ['GET', '/api/v1/pools/a/b', 'nothing'],
  ['GET', '/api/v1/pools/a/endpoints/', 'nothing'],
  ['GET', '/API/v1/pools', 'nothing'],
  ['GET', '//api/v1/pools', 'nothing'],
  ['GET', '/api/v1/pools/%', 'bad-escape'],
  ['GET', '/api/v1/pools/%ff', 'bad-escape'],
  ['GET', '/api/v1/pools/a/endpoints/b', 'other-method'],
  ['TRACE', '/api/v1/pools', 'other-method'],
])('%s %s: %s', (method, path, want) => expect(route(method, path).kind).toBe(want));

test('another method is told which there are', () => {
  expect(route('POST', '/api/v1/config')).toEqual({ kind: 'other-method', methods: ['GET', 'PUT', 'HEAD'] });
});
