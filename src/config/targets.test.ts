import { describe, expect, test } from 'vitest';
import { configFromTargets } from './targets.ts';

describe('configFromTargets', () => {
  test('one listener before one pool', () => {
    const result = configFromTargets({
      targets: ['3001', 'h:1', 'http://h:2/', 'http://h', 'unix:/x'],
      listen: '8080',
      policy: 'p2c',
    });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { listeners, pools } = result.config;
    expect(listeners.main).toMatchObject({
      bind: [{ kind: 'tcp', host: '127.0.0.1', port: 8080 }],
      protocol: 'http',
      routes: [{ pool: 'main' }],
    });
    expect(pools.main!.policy).toEqual({ type: 'p2c' });
    expect(pools.main!.endpoints.map((each) => each.id)).toEqual(['3001', 'h:1', 'h:2', 'h:80', 'unix:/x']);
    expect(result.warnings).toEqual([]);
  });

  test('tcp, and the default policy', () => {
    const result = configFromTargets({ targets: ['1'], listen: '[::]:9', tcp: true });
    expect(result.ok && [result.config.listeners.main!.protocol, result.config.pools.main!.policy.type]).toEqual([
      'tcp',
      'adaptive',
    ]);
  });

  test.each([
    ['no target', { targets: [], listen: '1' }, 'no endpoints'],
    ['the same twice', { targets: ['1', '1'], listen: '1' }, 'the id "1" is taken'],
    ['an unknown policy', { targets: ['1'], listen: '1', policy: 'p3c' }, 'unknown type "p3c"'],
    ['https', { targets: ['https://h:1'], listen: '1' }, 'is a URL'],
    ['a path', { targets: ['http://h:1/x'], listen: '1' }, 'is a URL'],
    ['a bad address to listen on', { targets: ['1'], listen: 'x' }, '"x" has no port'],
  ])('%s', (_why, targets, want) => {
    const result = configFromTargets(targets);
    expect(result.ok ? '' : result.problems.map((each) => each.message).join()).toContain(want);
  });
});
