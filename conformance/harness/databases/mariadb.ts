import { join } from 'node:path';
import { freePort } from '../sockets.ts';
import type { PairKind, ReplicatedPair } from './pair.ts';
import { type Home, makeHome, run, type Service, serve } from './program.ts';

export const mariadb: PairKind = {
  name: 'mariadb',
  programs: ['mariadbd', 'mariadb-install-db', 'mariadb'],
  start,
};

/** `user` has no password. */
function ask(port: number, user: string, sql: string): Promise<string> {
  const words = [
    '--no-defaults',
    '-h',
    '127.0.0.1',
    '-P',
    `${port}`,
    '-u',
    user,
    '--connect-timeout=2',
    '-N',
    '-B',
    '-e',
    sql,
  ];
  return run('mariadb', words, { timeoutMs: 20_000 });
}

async function install(home: Home, name: string): Promise<string> {
  const data = home.folder(name);
  const how = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  // Two at a time may give their temporary tables the same name.
  await run('mariadb-install-db', ['--no-defaults', `--datadir=${data}`, `--tmpdir=${data}`, ...how]);
  return data;
}

function startServer(data: string, port: number, number: number): Promise<Service> {
  const where = [
    `--datadir=${data}`,
    `--tmpdir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(data, 's')}`,
  ];
  const replication = [`--server-id=${number}`, '--log-bin=binlog', '--log-slave-updates', '--skip-name-resolve'];
  const small = [
    '--innodb-buffer-pool-size=16M',
    '--innodb-flush-log-at-trx-commit=0',
    `--pid-file=${join(data, 'p')}`,
  ];
  const words = ['--no-defaults', ...where, ...replication, ...small];
  return serve('mariadbd', words, () => ask(port, 'root', 'SELECT 1'));
}

const follow = (port: number, primary: number) =>
  ask(
    port,
    'root',
    `CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=${primary}, MASTER_USER='root', MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos; START SLAVE`,
  );

async function start(): Promise<ReplicatedPair> {
  const home = makeHome('mariadb');
  const ports = [await freePort(), await freePort()] as const;
  const [a, b] = ports;
  const [dataA, dataB] = await Promise.all([install(home, 'a'), install(home, 'b')]);
  const services: [Service, Service] = await Promise.all([startServer(dataA, a, 1), startServer(dataB, b, 2)]);
  await ask(b, 'root', 'SET GLOBAL read_only = 1');
  await follow(b, a);
  // Users without a password, and without the right to write to what is read-only.
  const setUp = ["CREATE USER checker@'127.0.0.1'", "CREATE USER app@'127.0.0.1'", 'CREATE DATABASE shop'];
  const table = ['CREATE TABLE shop.writes (port INT)', "GRANT ALL ON shop.* TO app@'127.0.0.1'"];
  await ask(a, 'root', [...setUp, ...table].join('; '));
  await followed(b);
  const promote = async () => {
    await ask(b, 'root', 'STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = 0');
  };
  const demote = async () => {
    await ask(a, 'root', 'SET GLOBAL read_only = 1');
    await ask(a, 'root', 'SET GLOBAL gtid_slave_pos = @@gtid_binlog_pos');
    await follow(a, b);
  };
  return {
    health: { type: 'mysql', user: 'checker' },
    ports,
    write: async (port) => Number(await ask(port, 'app', 'INSERT INTO shop.writes VALUES (@@port); SELECT @@port')),
    read: async (port) => Number(await ask(port, 'app', 'SELECT @@port')),
    switchOver: async () => {
      await ask(a, 'root', 'SET GLOBAL read_only = 1');
      await promote();
      await demote();
    },
    killPrimary: () => services[0].stop('SIGKILL'),
    promote,
    revive: async () => {
      services[0] = await startServer(dataA, a, 1);
    },
    demote,
    close: async () => {
      for (const service of services) await service.stop('SIGKILL');
      home.close();
    },
  };
}

/** The replica has what was set up. */
async function followed(port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ask(port, 'app', 'SELECT * FROM shop.writes');
      return;
    } catch (error) {
      if (tries === 100) throw error;
    }
  }
}
