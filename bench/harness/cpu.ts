import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time and resident memory of processes, from /proc.
 *
 * Source  proc(5): `stat` counts user and kernel time in ticks of 10 ms; `schedstat` counts run time in nanoseconds.
 *         The total is schedstat's; stat only divides it into user and kernel part. Linux samples that division at its
 *         timer tick (4 ms at 250 Hz), so the user part of one 3 s run is good to some 5 %: take medians.
 */
export interface CpuSnapshot {
  readonly runNs: number;
  readonly userTicks: number;
  readonly systemTicks: number;
}

export interface CpuTime {
  readonly userUs: number;
  readonly systemUs: number;
  readonly totalUs: number;
}

const TICK_US = 10_000;
// Threads that ended are in stat and no longer in schedstat; a larger gap than this share is not rounding.
const TICKS_TRUST = 1.05;

/** Sum over the processes and all their threads. */
export function readCpu(pids: readonly number[]): CpuSnapshot {
  let [runNs, userTicks, systemTicks] = [0, 0, 0];
  for (const pid of pids) {
    const ticks = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    userTicks += ticks.user;
    systemTicks += ticks.system;
    for (const task of readdirSync(`/proc/${pid}/task`)) runNs += readRunNs(pid, task);
  }
  return { runNs, userTicks, systemTicks };
}

function readRunNs(pid: number, task: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** Fields 14 and 15 of /proc/<pid>/stat. The program's name (field 2) may itself hold spaces and brackets. */
export function parseStat(text: string): { readonly user: number; readonly system: number } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { user: Number(fields[11]), system: Number(fields[12]) };
}

export function cpuBetween(before: CpuSnapshot, after: CpuSnapshot): CpuTime {
  const userTicks = after.userTicks - before.userTicks;
  const ticks = userTicks + after.systemTicks - before.systemTicks;
  const runUs = (after.runNs - before.runNs) / 1000;
  const totalUs = ticks * TICK_US > runUs * TICKS_TRUST + 2 * TICK_US ? ticks * TICK_US : runUs;
  const userUs = ticks === 0 ? totalUs : (totalUs * userTicks) / ticks;
  return { userUs, systemUs: totalUs - userUs, totalUs };
}

/** Resident bytes, summed over the processes. */
export function readResidentBytes(pids: readonly number[]): number {
  let kilobytes = 0;
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    kilobytes += Number(/^Rss:\s+(\d+) kB/m.exec(text)?.[1]);
  }
  return kilobytes * 1024;
}
