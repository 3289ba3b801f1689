import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { dispatch } from './commands.ts';

const folder = mkdtempSync(join(tmpdir(), 'explain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(
  join(folder, 'lb.yaml'),
  `listeners:
  web: { bind: 127.0.0.1:8080, routes: [{ match: { host: a.b }, pools: [{ pool: x, weight: 3 }, { pool: y }] }, { match: { path: /y }, pool: y }] }
  raw: { bind: 127.0.0.1:5432, protocol: tcp, pool: y }
pools:
  x: { policy: { type: ring-hash, key: "header:k" }, endpoints: [{ id: one, address: 1 }, { id: two, address: 2 }] }
  y: { endpoints: [{ id: off, address: 3, mode: maintenance }] }
`,
);

async function explain(...words: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    stdout: (text: string) => void out.push(text),
    stderr: (text: string) => void err.push(text),
    ...{ env: {}, cwd: folder, color: false },
  };
  const code = await dispatch(['explain', ...words], io);
  return { code, stdout: out.join('').replaceAll(/ +/g, ' '), stderr: err.join('') };
}

describe('equipoise explain', () => {
  test.each([
    {
      why: 'pools by weight, a key',
      words: ['GET http://a.b:8080/', '-H', 'K: v'],
      says: 'pool x, next in turn of x 3, y 1; key v',
    },
    { why: 'nobody', words: ['http://c:8080/y'], says: 'pick nobody: no endpoint is eligible' },
    { why: 'no route', words: ['http://c:8080/'], says: 'answer 404: no route matches' },
    {
      why: 'a refusal',
      words: ['http://c:8080/', '-H', 'content-length: x'],
      says: 'answer 400: The request is malformed',
    },
    { why: 'a connection', words: ['tcp://c:5432', '--from', '10.1.1.1'], says: 'client 10.1.1.1\npool y' },
  ])('$why', async ({ words, says }) => {
    const { code, stdout } = await explain('lb.yaml', ...words);
    expect(stdout).toContain(says);
    expect(code).toBe(0);
  });

  test('--json is data; the same seed draws the same', async () => {
    const [first, again] = [
      await explain('lb.yaml', 'http://a.b:8080/', '--json'),
      await explain('lb.yaml', 'http://a.b:8080/', '--json'),
    ];
    expect(JSON.parse(first.stdout)).toMatchObject({ listener: 'web', route: 0, pool: 'x', pick: { notes: [] } });
    expect(again).toEqual(first);
  });

  test.each([
    { why: 'no request', words: ['lb.yaml'], code: 2, says: 'which request?' },
    { why: 'two', words: ['lb.yaml', 'http://a', 'http://b'], code: 2, says: 'one request at a time' },
    { why: 'no header', words: ['lb.yaml', 'http://a', '-H', 'x'], code: 2, says: `write -H 'name: value'` },
    { why: 'no address', words: ['lb.yaml', 'http://a', '--from', 'x'], code: 2, says: 'from: is no IP address' },
    { why: 'no method', words: ['lb.yaml', 'get http://a'], code: 2, says: 'did you mean "GET"' },
    { why: 'no URL', words: ['lb.yaml', '/x'], code: 1, says: '"/x" is no URL' },
    { why: 'no file', words: ['none.yaml', 'http://a'], code: 1, says: 'there is no such file' },
    { why: 'nobody to ask', words: ['--admin', '127.0.0.1:1', 'http://a'], code: 1, says: 'nobody listens at' },
  ])('$why: $code', async ({ words, code, says }) => {
    const result = await explain(...words);
    expect(result.stderr).toContain(says);
    expect(result.code).toBe(code);
  });
});
