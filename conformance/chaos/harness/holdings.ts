import { readdirSync, readFileSync } from 'node:fs';
import { descendants } from '../../../bench/harness/processes.ts';
import { adminAt } from '../../harness/admin.ts';
import type { RunningBalancer } from './contenders.ts';
import type { Load } from './load.ts';

/** What a balancer holds while it serves a steady load. */
export interface Holdings {
  /** Open descriptors that are no connection of a client and none to an endpoint. */
  readonly otherDescriptors: number;
  /** Connections of clients beyond those that the load has open. */
  readonly strayConnections: number;
  /** Idle ones included: as many as were once busy at a time, up to `connections.idle` for each endpoint. */
  readonly endpointConnections: number;
  /** Of all threads: what JavaScript holds, and what it has let go since the collector last ran. */
  readonly heapMiB: number;
  readonly residentMiB: number;
}

export async function holdingsOf(balancer: RunningBalancer, load: Load): Promise<Holdings> {
  const admin = adminAt(balancer.adminPort);
  const clientConnections = await admin.sum('equipoise_connections_open');
  const endpointConnections = await admin.sum('equipoise_endpoint_connections_open');
  const pids = [balancer.pid, ...descendants(balancer.pid)];
  const descriptors = pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
  const residentKiB = pids.reduce((sum, pid) => sum + residentKiBOf(pid), 0);
  return {
    otherDescriptors: descriptors - clientConnections - endpointConnections,
    ...{ strayConnections: clientConnections - load.open, endpointConnections },
    heapMiB: Math.round((await admin.sum('equipoise_heap_bytes')) / 2 ** 20),
    residentMiB: Math.round(residentKiB / 1024),
  };
}

function residentKiBOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

/** Connections that come and go between the two counts, checks among them. */
const MOVING = 8;
/** Where the collector's last run left the least, it differs by less. */
const HEAP_SLACK_MIB = 8;
/** What the collector keeps of the kernel's pages for its next generation moves by as much from round to round. */
const RESIDENT_SLACK_MIB = 48;

/**
 * What has grown, in words. The first round is the warm-up; of the others the lowest of the first half is compared with
 * the lowest of the last: what is only waiting to be collected is not in the lowest, and what leaks is in every one.
 */
export function growthOf(rounds: readonly Holdings[]): string[] {
  const warm = rounds.slice(1);
  const half = Math.ceil(warm.length / 2);
  const grown: string[] = [];
  const compare = (key: keyof Holdings, slack: number): void => {
    const least = (list: readonly Holdings[]): number => Math.min(...list.map((each) => each[key]));
    const [before, after] = [least(warm.slice(0, half)), least(warm.slice(half))];
    if (after > before + slack) grown.push(`${key} grew from ${before} to ${after}, by more than ${slack}`);
  };
  compare('otherDescriptors', MOVING);
  compare('strayConnections', MOVING);
  compare('heapMiB', HEAP_SLACK_MIB);
  compare('residentMiB', RESIDENT_SLACK_MIB);
  return grown;
}
