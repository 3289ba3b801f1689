import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const rest = 'listeners: { w: { bind: 127.0.0.1:1, pool: a } }\npools: { a: { endpoints: [1] } }';
const load = (top: string) => parseConfig(`${top}\n${rest}`, { file: '/etc/equipoise/lb.yaml', env: {} });
const loopback = { kind: 'tcp', host: '127.0.0.1', port: 9 };

describe('admin', () => {
  test.each([
    ['bind: 127.0.0.1:9', { bind: loopback }],
    ['bind: 127.0.0.1:9, token: "", readToken: ""', { bind: loopback }],
    ['bind: 127.0.0.1:9, token: a', { bind: loopback, token: 'a' }],
    ['bind: 127.0.0.1:9, token: a, readToken: b', { bind: loopback, token: 'a', readToken: 'b' }],
    ['bind: 127.0.0.1:9, token: "***", readToken: "***"', { bind: loopback, token: '***', readToken: '***' }],
  ])('{ %s }', (text, want) => {
    const result = load(`admin: { ${text} }`);
    expect(result.ok && result.config.admin).toEqual(want);
  });

  test.each([
    ['bind: 0.0.0.0:9', 'admin.bind: an admin server beyond loopback needs a token; add a token'],
    ['bind: 127.0.0.1:9, readToken: b', 'admin.readToken: nobody could change anything; add a token too'],
    ['bind: 127.0.0.1:9, token: a, readToken: a', 'admin.readToken: is the token, which may do more; choose another'],
    ['bind: 127.0.0.1:9, readtoken: a', 'unknown key "readtoken"; did you mean "readToken"?'],
  ])('{ %s } is refused', (text, want) => {
    const result = load(`admin: { ${text} }`);
    expect(result.ok ? '' : result.problems.map(formatProblem).join('\n')).toContain(want);
  });
});

describe('stateFile', () => {
  test.each([
    ['state.json', '/etc/equipoise/state.json'],
    ['../var/state.json', join('/etc', 'var/state.json')],
    ['/run/state.json', '/run/state.json'],
  ])('%s lies beside the configuration: %s', (path, want) => {
    const result = load(`stateFile: ${path}`);
    expect(result.ok && result.config.stateFile).toBe(want);
  });

  test.each(['""', '"a\\0b"', '7'])('%s is refused', (path) => {
    expect(load(`stateFile: ${path}`).ok).toBe(false);
  });
});
