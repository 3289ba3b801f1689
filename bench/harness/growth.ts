import { join } from 'node:path';
import type { Balancer } from './balancer.ts';
import { type Bench, type Origin, type Scenario, startOrigin, startVariant, stopBalancers } from './bench.ts';
import { growthRow, type Row } from './comparison.ts';
import type { EquipoiseSetting } from './equipoise.ts';
import { figures, measureAll, throughput, withoutRatio, wrkLoad } from './http-scenarios.ts';

/** CPU a request as the configuration grows; only ours, each size against the smallest. */

const ROUTE_COUNTS = [1, 100, 5000];
const ENDPOINT_COUNTS = [3, 100, 5000];
const GROWTH = { atMost: 1.1 };
const CHECK_INTERVAL = '60s';
// Long enough that every one of 5,000 endpoints was picked, and its connection opened.
const WARM_SECONDS = 4;

/** The request matches only the last route; every second one before it asks for the same host. */
export const routeGrowth: Scenario = async (bench) => {
  const origin = await startOrigin(bench);
  const variants = ROUTE_COUNTS.map((count) => ({
    name: count === 1 ? '1 route' : `${count} routes`,
    otherRoutes: otherRoutes(count - 1),
  }));
  return measureVariants(bench, { origin, scenario: 'routes', variants });
};

/** One worker against as many as `--workers` says, by default as two cores have. */
export const workerGrowth: Scenario = async (bench) => {
  const origin = await startOrigin(bench);
  const many = bench.options.workers ?? 2;
  const variants = [
    { name: '1 worker', workers: 1 },
    { name: `${many} workers`, workers: many },
  ];
  return measureVariants(bench, { origin, scenario: 'workers', variants });
};

/** What is written down of each request, in a file, against nothing. Metrics are counted and scraped in both. */
export const accessLogCost: Scenario = async (bench) => {
  const origin = await startOrigin(bench);
  const path = join(bench.directory, 'access.log');
  const variants = [
    { name: 'no access log' },
    { name: 'json access log', accessLog: { format: 'json', path } },
    { name: 'haproxy access log', accessLog: { format: 'haproxy', path } },
  ];
  return measureVariants(bench, { origin, scenario: 'access-log', variants });
};

/** Routes that the benchmark's request (host www.example.com, path /small) does not match. */
export function otherRoutes(count: number): object[] {
  return Array.from({ length: count }, (_, index) => {
    const host = index % 2 === 0 ? 'www.example.com' : `tenant-${index}.example.com`;
    return { match: { host, path: `/section-${index}/*` }, pool: 'origin' };
  });
}

/** A policy that goes by the client's address is given many clients, or it would know one endpoint only. */
export function endpointGrowth(policy: string, clients?: number): Scenario {
  const many = clients === undefined ? {} : { trustedProxies: ['127.0.0.0/8'] };
  return async (bench) => {
    const origin = await startOrigin(bench, '0.0.0.0');
    const variants = ENDPOINT_COUNTS.map((count) => ({
      name: `${count} endpoints`,
      policy,
      addresses: loopbackAddresses(count, origin.ports),
      checkInterval: CHECK_INTERVAL,
      ...many,
    }));
    return measureVariants(bench, { origin, scenario: `endpoints-${policy}`, variants, clients });
  };
}

/** Distinct addresses of 127.0.0.0/8, all answered by one listener on 0.0.0.0. */
export function loopbackAddresses(count: number, ports: readonly number[]): string[] {
  return Array.from({ length: count }, (_, index) => {
    const [high, low] = [Math.floor(index / 250), (index % 250) + 1];
    return `127.0.${high + 1}.${low}:${ports[index % ports.length]}`;
  });
}

interface Growth {
  readonly origin: Origin;
  readonly scenario: string;
  readonly variants: readonly Partial<EquipoiseSetting>[];
  readonly clients?: number | undefined;
}

async function measureVariants(bench: Bench, { origin, scenario, variants, clients }: Growth): Promise<Row[]> {
  const { balancerCore: core } = bench.options;
  const balancers: Balancer[] = [];
  for (const variant of variants) {
    const setting = { protocol: 'http' as const, endpoints: origin.ports, core, directory: bench.directory };
    balancers.push(await startVariant(bench, { ...setting, ...variant }));
  }
  const load = wrkLoad(bench, { path: '/small', connections: 64, ...(clients === undefined ? {} : { clients }) });
  const samples = await measureAll(bench, origin, balancers, load, WARM_SECONDS);
  await stopBalancers(balancers);
  await origin.program.stop();
  const rows = figures({ cpu: GROWTH }).map((figure) => growthRow(scenario, samples, figure));
  return [...rows, withoutRatio(growthRow(scenario, samples, throughput))];
}
