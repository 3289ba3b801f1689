import { readdirSync } from 'node:fs';
import type { PrometheusText } from '../telemetry/prometheus.ts';

export interface BuildInfo {
  readonly version: string;
  /** `bun 1.4.5`, `node 20.20.2`. */
  readonly runtime: string;
  readonly transport: string;
}

/** The names that Prometheus' own client libraries use. */
export function writeProcess(to: PrometheusText, build: BuildInfo): void {
  to.family('equipoise_build_info', 'gauge', 'What is running; always 1.');
  to.sample(1, { version: build.version, runtime: build.runtime, transport: build.transport });
  const { user, system } = process.cpuUsage();
  to.family('process_cpu_seconds_total', 'counter', 'User and system CPU time spent, in seconds.');
  to.sample((user + system) / 1e6);
  to.family('process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.');
  to.sample(process.memoryUsage().rss);
  to.family('process_start_time_seconds', 'gauge', 'Start time of the process since the Unix epoch, in seconds.');
  to.sample(Math.round(Date.now() / 1000 - process.uptime()));
  const descriptors = openDescriptors();
  to.family('process_open_fds', 'gauge', 'Open file descriptors.');
  if (descriptors !== undefined) to.sample(descriptors);
}

/** Undefined where there is no /proc. */
function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
