import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { freePort, within } from '../sockets.ts';
import type { PairKind, ReplicatedPair } from './pair.ts';
import { makeHome, type Service, serve } from './program.ts';

export const redis: PairKind = { name: 'redis', programs: ['redis-server'], start };

const PASSWORD = 'hush';

async function start(): Promise<ReplicatedPair> {
  const home = makeHome('redis');
  const ports = [await freePort(), await freePort()] as const;
  const ask = (port: number, ...commands: string[]) => converse(port, [`AUTH ${PASSWORD}`, ...commands, 'QUIT']);
  const portOf = async (port: number, ...before: string[]) =>
    Number((await ask(port, ...before, 'CONFIG GET port')).at(-2));
  const folders = [home.folder('0'), home.folder('1')];
  const startServer = (index: 0 | 1) => {
    const port = ports[index];
    const words = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folders[index]!, '--save', ''];
    const secrets = ['--requirepass', PASSWORD, '--masterauth', PASSWORD, '--repl-diskless-sync-delay', '0'];
    return serve('redis-server', [...words, ...secrets], () => ask(port, 'PING'));
  };
  const services: [Service, Service] = [await startServer(0), await startServer(1)];
  const follow = async (replica: number, primary: number) => {
    await ask(replica, `REPLICAOF 127.0.0.1 ${primary}`);
  };
  await follow(ports[1], ports[0]);
  const promote = async () => {
    await ask(ports[1], 'REPLICAOF NO ONE');
  };
  const demote = () => follow(ports[0], ports[1]);
  return {
    health: { type: 'redis', password: PASSWORD },
    ports,
    write: (port) => portOf(port, 'INCR writes'),
    read: (port) => portOf(port),
    switchOver: async () => {
      await promote();
      await demote();
    },
    killPrimary: () => services[0].stop('SIGKILL'),
    promote,
    revive: async () => {
      services[0] = await startServer(0);
    },
    demote,
    close: async () => {
      for (const service of services) await service.stop('SIGKILL');
      home.close();
    },
  };
}

/** The lines that inline commands are answered with over one connection, the last one `QUIT`'s; rejects when one is refused or unanswered. */
async function converse(port: number, commands: readonly string[]): Promise<string[]> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write(commands.map((each) => `${each}\r\n`).join(''));
    const lines = (await within(commands.join(', '), text(socket))).trimEnd().split('\r\n');
    const error = lines.find((each) => each.startsWith('-'));
    if (error !== undefined || lines.at(-1) !== '+OK') throw new Error(error ?? `no answer: ${commands.join(', ')}`);
    return lines;
  } finally {
    socket.destroy();
  }
}
