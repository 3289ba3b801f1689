import { freePort } from '../sockets.ts';
import type { PairKind, ReplicatedPair } from './pair.ts';
import { makeHome, run, type Service, serve } from './program.ts';

export const redis: PairKind = { name: 'redis', programs: ['redis-server', 'redis-cli'], start };

const PASSWORD = 'hush';

async function start(): Promise<ReplicatedPair> {
  const home = makeHome('redis');
  const ports = [await freePort(), await freePort()] as const;
  /** The answers to commands over one connection, a line each. */
  const ask = async (port: number, ...commands: string[]): Promise<string[]> => {
    const words = ['-h', '127.0.0.1', '-p', `${port}`, '-a', PASSWORD, '--no-auth-warning'];
    const answer = await run('redis-cli', words, { timeoutMs: 3000, input: commands.join('\n') });
    if (/^(ERR|READONLY|LOADING|NOAUTH|MASTERDOWN|Error|I\/O)/m.test(answer)) throw new Error(answer);
    return answer.split('\n');
  };
  const portOf = async (port: number, ...before: string[]) =>
    Number((await ask(port, ...before, 'CONFIG GET port')).at(-1));
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
