import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ConfigFile, toConfig } from '../config/config.ts';
import { runningHere } from './takeover.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

const configOf = (bind: string) =>
  toConfig(ConfigFile.parse({ listeners: { web: { bind, routes: [{ respond: { status: 204 } }] } } }));

describe.skipIf(process.platform !== 'linux')('runningHere', () => {
  test('nobody, and not ourselves', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    open.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    expect(runningHere(configOf(`127.0.0.1:${port}`))).toEqual([]);
    expect(runningHere(configOf('127.0.0.1:0'))).toEqual([]);
    expect(runningHere(configOf('unix:/run/nobody.sock'))).toEqual([]);
  });

  test('where /proc says nothing', () => {
    expect(() => runningHere(configOf('127.0.0.1:1'), '/nowhere')).toThrow('/nowhere');
  });
});
