import { describe, expect, test } from 'vitest';
import { effectiveConfig } from './effective.ts';
import { parseConfig } from './load.ts';

const load = (accessLog: string) =>
  parseConfig(
    `accessLog: ${accessLog}\nlisteners: { web: { bind: 127.0.0.1:80, pool: a } }\npools: { a: { endpoints: [1] } }\n`,
    { file: '/etc/equipoise/lb.yaml', env: {} },
  );

describe('accessLog', () => {
  test('has defaults, and files are relative to the configuration', () => {
    const defaults = { format: 'json', path: 'stdout', sample: 1, headers: [], hideQuery: [] };
    const read = (text: string) => {
      const result = load(text);
      return result.ok ? result.config.accessLog : result.problems;
    };
    expect(read('{}')).toEqual(defaults);
    expect(read('{ path: logs/access.log }')).toMatchObject({ path: '/etc/equipoise/logs/access.log' });
    expect(read('{ path: "syslog://[::1]:5514" }')).toMatchObject({ path: 'syslog://[::1]:5514' });
    expect(read('{ headers: [User-Agent], hideQuery: token }')).toMatchObject({
      ...{ headers: ['user-agent'], hideQuery: ['token'] },
    });
  });

  test.each([
    ['{ format: xml }', 'format'],
    ['{ sample: 2 }', 'sample'],
    ['{ headers: [Authorization] }', 'credentials'],
    ['{ headers: [cookie] }', 'credentials'],
    ['{ headers: [X-Equipoise-Explain] }', 'credentials'],
    ['{ headers: ["a b"] }', 'no header name'],
    ['{ path: "http://x" }', 'syslog://host:514'],
    ['{ hideQuery: 3 }', 'expected all'],
  ])('%s is refused: %s', (text, says) => {
    const result = load(text);
    expect(result.ok ? '' : JSON.stringify(result.problems)).toContain(says);
  });

  test('what is in force can be read again', () => {
    const first = load('{ format: common, path: /var/log/x, sample: 0.5, hideQuery: all, headers: [referer] }');
    if (!first.ok) throw new Error('it is good');
    const again = parseConfig(effectiveConfig(first.config, first.origin), { file: '/etc/equipoise/lb.yaml', env: {} });
    expect(again.ok && again.config.accessLog).toEqual(first.config.accessLog);
  });
});
