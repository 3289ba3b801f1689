import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../sockets.ts';
import type { PairKind, ReplicatedPair } from './pair.ts';
import { makeHome, run, type Service, serve } from './program.ts';

export const postgres: PairKind = {
  name: 'postgres',
  programs: ['postgres', 'initdb', 'pg_basebackup', 'psql'],
  start,
};

const USER = 'postgres';

function ask(port: number, sql: string): Promise<string> {
  const where = ['-h', '127.0.0.1', '-p', `${port}`, '-U', USER, '-d', 'postgres'];
  return run('psql', ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', ...where, '-c', sql], { timeoutMs: 4000 });
}

function startServer(data: string, port: number, primary: number): Promise<Service> {
  const settings = [
    ...['listen_addresses=127.0.0.1', `unix_socket_directories=${data}`, 'fsync=off', 'shared_buffers=16MB'],
    // Of no meaning to a primary.
    `primary_conninfo=host=127.0.0.1 port=${primary} user=${USER}`,
  ];
  const words = ['-D', data, '-p', `${port}`, ...settings.flatMap((each) => ['-c', each])];
  return serve('postgres', words, () => ask(port, 'SELECT 1'));
}

/** Makes `data` a copy of the server at `port`, and its replica. */
async function copy(port: number, data: string): Promise<void> {
  const from = ['-h', '127.0.0.1', '-p', `${port}`, '-U', USER];
  await run('pg_basebackup', [...from, '-D', data, '--no-sync', '-c', 'fast', '-X', 'stream']);
  writeFileSync(join(data, 'standby.signal'), '');
}

/** The children of one that was killed notice it by and by; until then its memory is in use. */
async function startAgain(start: () => Promise<Service>): Promise<Service> {
  for (let tries = 0; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
}

const portOf = async (port: number, sql = '') => Number(await ask(port, `${sql} SELECT inet_server_port()`));

async function start(): Promise<ReplicatedPair> {
  const home = makeHome('postgres');
  const ports = [await freePort(), await freePort()] as const;
  const [a, b] = ports;
  const [dataA, dataB] = [home.folder('a'), home.folder('b')];
  await run('initdb', ['-D', dataA, '-A', 'trust', '-U', USER, '--no-sync', '--no-instructions']);
  let first = await startServer(dataA, a, b);
  await ask(a, 'CREATE TABLE writes (port INT)');
  await copy(a, dataB);
  const second = await startServer(dataB, b, a);
  const promote = async () => {
    await ask(b, 'SELECT pg_promote()');
  };
  return {
    health: { type: 'postgres', user: USER },
    ports,
    write: (port) => portOf(port, 'INSERT INTO writes VALUES (inet_server_port());'),
    read: (port) => portOf(port),
    switchOver: async () => {
      // In good order: the standby has all of it, so that the former primary can follow it.
      await first.stop('SIGINT');
      await promote();
      writeFileSync(join(dataA, 'standby.signal'), '');
      first = await startServer(dataA, a, b);
    },
    killPrimary: () => first.stop('SIGKILL'),
    promote,
    revive: async () => {
      first = await startAgain(() => startServer(dataA, a, b));
    },
    demote: async () => {
      // What it has written meanwhile fits no more: it gets a copy.
      await first.stop('SIGQUIT');
      rmSync(dataA, { recursive: true });
      await copy(b, home.folder('a'));
      first = await startServer(dataA, a, b);
    },
    close: async () => {
      for (const service of [first, second]) await service.stop('SIGQUIT');
      home.close();
    },
  };
}
