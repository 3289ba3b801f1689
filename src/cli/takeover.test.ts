import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  test.each([
    { command: ['/usr/local/bin/equipoise', 'run', 'a.yaml'], isOurs: true },
    { command: ['/x/bun', '--smol', '/x/dist/cli/main.js', 'run'], isOurs: true },
    { command: ['node', '/x/bin/equipoise.mjs', 'run'], isOurs: true },
    { command: ['nginx', '-c', '/etc/equipoise'], isOurs: false },
  ])('whose it is: $command', ({ command, isOurs }) => {
    const proc = mkdtempSync(join(tmpdir(), 'takeover-'));
    open.push({ close: () => rmSync(proc, { recursive: true }) });
    mkdirSync(join(proc, 'net'));
    writeFileSync(join(proc, 'net/tcp'), 'header\n 0: 0100007F:1F90 00000000:0000 0A 0 0 0 0 0 77\n');
    mkdirSync(join(proc, '4242/fd'), { recursive: true });
    symlinkSync('socket:[77]', join(proc, '4242/fd/5'));
    writeFileSync(join(proc, '4242/cmdline'), command.join('\0'));
    const look = () => runningHere(configOf('127.0.0.1:8080'), proc);
    if (isOurs) expect(look()).toEqual([4242]);
    else expect(look).toThrow('not equipoise: nginx -c /etc/equipoise');
  });

  test('where /proc says nothing', () => {
    expect(() => runningHere(configOf('127.0.0.1:1'), '/nowhere')).toThrow('/nowhere');
  });
});
