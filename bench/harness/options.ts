import { parseArgs } from 'node:util';
import type { Runtime } from './equipoise.ts';

/** What the command line of every benchmark understands. */
export interface BenchOptions {
  /** Measurements of each balancer and figure. Default 7. */
  readonly rounds: number;
  /** Length of one measurement; below 3 the division into user and kernel time is coarse. Default 3. */
  readonly seconds: number;
  /** Names of the scenarios to run. */
  readonly scenarios: readonly string[];
  /** File for the results as JSON. */
  readonly json: string | undefined;
  /** CPU of the balancers and CPU of load and origin; absent: not pinned. */
  readonly balancerCore: number | undefined;
  readonly loadCore: number | undefined;
  readonly runtime: Runtime;
  readonly contenders: readonly string[];
  /** Requests per second of the open loop; absent: found by a trial. */
  readonly rate: number | undefined;
  /** Policy of our pool; absent: our default. */
  readonly policy: string | undefined;
  /** Workers of ours that are compared with one; absent: one worker each, compared with the others. */
  readonly workers: number | undefined;
}

/** The one that `--workers` runs. */
export const WORKERS_SCENARIO = 'workers';

const CONTENDERS = ['equipoise', 'haproxy', 'nginx'];

function usage(program: string, scenarios: readonly string[]): string {
  return `bun bench/${program}.ts [options]
  --rounds N          measurements of each (7)
  --seconds N         length of one (3)
  --scenario NAME     one of ${scenarios.join(', ')}; may be repeated (all)
  --json FILE         write the results there too
  --no-pin            do not bind balancers to CPU 0, load and origin to CPU 1
  --runtime NAME      launcher (bin/equipoise.mjs) or src (Bun on src/cli/main.ts) (launcher)
  --contender NAME    one of ${CONTENDERS.join(', ')}; may be repeated (all)
  --policy NAME       policy of our pool (our default)
  --workers N         ours alone, one worker against N, on every CPU: the scenario ${WORKERS_SCENARIO}
  --rate N            requests per second of the open loop (55 % of the slowest's throughput)`;
}

/** Parses the arguments; prints the usage and ends with 2 when they are wrong. */
export function parseOptions(program: string, scenarios: readonly string[]): BenchOptions {
  try {
    return readOptions(scenarios);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage(program, scenarios)}`);
    process.exit(2);
  }
}

function readOptions(scenarios: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '3' },
      scenario: { type: 'string', multiple: true },
      json: { type: 'string' },
      'no-pin': { type: 'boolean', default: false },
      runtime: { type: 'string', default: 'launcher' },
      contender: { type: 'string', multiple: true, default: CONTENDERS },
      policy: { type: 'string' },
      rate: { type: 'string' },
      workers: { type: 'string' },
    },
  });
  const workers = values.workers === undefined ? undefined : positive('workers', values.workers);
  const usual = workers === undefined ? scenarios.filter((name) => name !== WORKERS_SCENARIO) : [WORKERS_SCENARIO];
  // Workers on one CPU would only take turns.
  const pinned = !values['no-pin'] && workers === undefined;
  return {
    rounds: positive('rounds', values.rounds),
    seconds: positive('seconds', values.seconds),
    scenarios: (values.scenario ?? usual).map((name) => oneOf('scenario', name, scenarios)),
    json: values.json,
    balancerCore: pinned ? 0 : undefined,
    loadCore: pinned ? 1 : undefined,
    runtime: oneOf('runtime', values.runtime, ['launcher', 'src']),
    contenders:
      workers !== undefined ? ['equipoise'] : values.contender.map((name) => oneOf('contender', name, CONTENDERS)),
    rate: values.rate === undefined ? undefined : positive('rate', values.rate),
    policy: values.policy,
    workers,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number above 0, not '${text}'`);
  return value;
}

function oneOf<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new Error(`--${name} takes ${known.join(', ')}; not '${text}'`);
  return found;
}
