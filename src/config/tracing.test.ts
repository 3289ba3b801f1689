import { describe, expect, test } from 'vitest';
import { effectiveConfig } from './effective.ts';
import { parseConfig } from './load.ts';

const load = (tracing: string, env: Record<string, string> = {}) =>
  parseConfig(
    `tracing: ${tracing}\nlisteners: { web: { bind: 127.0.0.1:80, pool: a } }\npools: { a: { endpoints: [1] } }\n`,
    { file: '/etc/equipoise/lb.yaml', env },
  );

describe('tracing', () => {
  test('has defaults', () => {
    const result = load('{}');
    expect(result.ok ? result.config.tracing : result.problems).toEqual({
      ...{ endpoint: 'http://127.0.0.1:4318/v1/traces', sampleRate: 0.1, parentBased: 'all', connections: false },
      ...{ serviceName: 'equipoise', headers: {}, hideQuery: 'all' },
    });
  });

  test.each([
    ['{ endpoint: "ftp://a/b" }', 'no http or https URL'],
    ['{ endpoint: collector }', 'no http or https URL'],
    ['{ endpoint: "http:/collector/v1/traces" }', 'no http or https URL'],
    ['{ endpoint: "http://collector/v1/traces?a=b c" }', 'no http or https URL'],
    ['{ endpoint: "http://collector\\\\v1" }', 'no http or https URL'],
    ['{ endpoint: "http://collector:4318" }', 'http://collector:4318/v1/traces'],
    ['{ endpoint: "http://me:secret@collector/v1/traces" }', 'send it in `headers`'],
    ['{ sampleRate: 1.5 }', 'too large'],
    ['{ parentBased: some }', 'all, trusted, none'],
    ['{ serviceName: "" }', 'is empty'],
    ['{ headers: { "a b": c } }', 'no header name'],
    ['{ headers: { Content-Type: text/plain } }', 'set by this program'],
    ['{ hideQuery: 3 }', 'expected all'],
    ['{ rate: 1 }', 'unknown'],
  ])('%s is refused: %s', (text, says) => {
    const result = load(text);
    expect(result.ok ? '' : JSON.stringify(result.problems)).toContain(says);
  });

  test('what is in force can be read again, but for its secrets', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration's own
    const first = load('{ sampleRate: 1, headers: { api-key: "Key ${KEY}" }, hideQuery: [token] }', { KEY: 'abc' });
    if (!first.ok) throw new Error(JSON.stringify(first.problems));
    expect(first.config.tracing?.headers).toEqual({ 'api-key': 'Key abc' });
    const shown = effectiveConfig(first.config, first.origin);
    expect(shown).not.toContain('abc');
    const again = parseConfig(shown, { file: 'x', env: {} });
    const { headers: _, ...rest } = first.config.tracing!;
    expect(again.ok ? again.config.tracing : again.problems).toEqual({ ...rest, headers: { 'api-key': '***' } });
  });
});
