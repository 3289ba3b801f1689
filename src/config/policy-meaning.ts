import { dirname, resolve } from 'node:path';
import { openDatabase } from '../control/location/database.ts';
import type { PoolOptions } from '../control/pool-options.ts';
import type { Config } from './config.ts';
import type { Findings } from './findings.ts';
import type { Path } from './problem.ts';
import { fieldOf } from './raw.ts';

/** Checks what a policy, and what it wraps, needs from outside of the file; `file` is the configuration's. */
export function checkPolicy(found: Findings, path: Path, policy: unknown, file: string): void {
  const type = typeof policy === 'string' ? policy : fieldOf(policy, 'type');
  if (type === 'geographic') checkGeographic(found, path, policy, file);
  const wrapped = fieldOf(policy, 'policy');
  if (wrapped !== undefined) checkPolicy(found, [...path, 'policy'], wrapped, file);
}

function checkGeographic(found: Findings, path: Path, policy: unknown, file: string): void {
  const database = fieldOf(policy, 'database');
  if (typeof database === 'string' && database !== '') {
    const opened = openDatabase(pathFrom(file, database));
    if ('problem' in opened) found.problem([...path, 'database'], opened.problem, opened.fix);
  } else if (database === undefined && fieldOf(policy, 'fallback') === undefined) {
    found.warning(path, 'no client’s place is known, so all endpoints decide together', 'name a database');
  }
}

const pathFrom = (file: string, path: string): string => resolve(dirname(file), path);

/** Files that the configuration names are relative to the configuration's own `file`; the server may run elsewhere. */
export function withAbsolutePaths(config: Config, file: string): Config {
  const pools = Object.entries(config.pools).map(([name, pool]): [string, PoolOptions] => [
    name,
    { ...pool, policy: absolute(pool.policy, file) as PoolOptions['policy'] },
  ]);
  const { stateFile, accessLog } = config;
  return {
    ...config,
    ...(stateFile !== undefined && { stateFile: pathFrom(file, stateFile) }),
    ...(accessLog !== undefined && { accessLog: { ...accessLog, path: logPath(accessLog.path, file) } }),
    pools: Object.fromEntries(pools),
  };
}

const logPath = (path: string, file: string): string =>
  path === 'stdout' || /^syslog($|:\/\/)/.test(path) ? path : pathFrom(file, path);

function absolute(policy: unknown, file: string): unknown {
  const database = fieldOf(policy, 'database');
  const wrapped = fieldOf(policy, 'policy');
  return {
    ...(policy as object),
    ...(typeof database === 'string' && { database: pathFrom(file, database) }),
    ...(wrapped !== undefined && { policy: absolute(wrapped, file) }),
  };
}
