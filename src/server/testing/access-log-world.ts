import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, ConfigFile, type ConfigInput, toConfig } from '../../config/config.ts';
import { protocols } from '../../proxy/protocols/registry.ts';
import { startServer } from '../server.ts';
import { testDeps } from './start.ts';

export type LogLine = Readonly<Record<string, unknown>>;

/** A folder for access logs, and servers that write there; `close` ends and removes everything. */
export function createLogWorld() {
  const folder = mkdtempSync(join(tmpdir(), 'access-log-'));
  const open: { close(): unknown }[] = [];
  const configOf = (input: ConfigInput): Config => toConfig(ConfigFile.parse({ workers: 1, ...input }));
  return {
    pathOf: (name: string) => join(folder, name),
    configOf,
    /** A server of the real protocols. */
    async start(input: ConfigInput) {
      const deps = { ...testDeps(), protocols, wallClock: () => 1e12 };
      const server = await startServer(configOf(input), deps);
      open.push(server);
      return {
        server,
        deps,
        addressOf: (name: string) => server.listeners.find((each) => each.name === name)!.address,
      };
    },
    /** Listens on a free port; `answer` is given what came on a connection, piece by piece. */
    async backend(answer: (socket: Socket, said: string) => void): Promise<number> {
      const listening = createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('error', () => {});
        socket.on('end', () => socket.end());
        socket.on('data', (data) => answer(socket, data.toString('latin1')));
      });
      listening.listen(0, '127.0.0.1');
      await once(listening, 'listening');
      open.push(listening);
      return (listening.address() as { port: number }).port;
    },
    linesOf: (name: string): LogLine[] =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as LogLine),
    async close(): Promise<void> {
      for (const each of open.splice(0).reverse()) await each.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
