import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { browserHeaders } from './browser-request.ts';
import { runProgram } from './processes.ts';

/** Closed-loop load by wrk: each connection sends its next request when the answer to the last one is complete. */
export interface WrkLoad {
  readonly path: string;
  readonly connections: number;
  /** Sends a POST with a body of this many bytes. */
  readonly bodyBytes?: number;
  /** A new connection for each request. */
  readonly close?: boolean;
  /** Sends the requests of this many clients in turn, told apart by X-Forwarded-For. */
  readonly clients?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Microseconds. */
  readonly p50Us: number;
  readonly p99Us: number;
}

interface WrkSummary extends LoadResult {
  readonly connectErrors: number;
  readonly readErrors: number;
  readonly writeErrors: number;
  readonly statusErrors: number;
  readonly timeouts: number;
}

// wrk prints what `done` writes; one marked line of JSON is all that is read.
const DONE = `
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"seconds":%f,"p50Us":%f,"p99Us":%f,"connectErrors":%d,"readErrors":%d,"writeErrors":%d,"statusErrors":%d,"timeouts":%d}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    e.connect, e.read, e.write, e.status, e.timeout))
end
`;

// Formatted before the run begins.
function clientsScript(clients: number): string {
  return `
local requests, last = {}, 0
function init()
  for i = 1, ${clients} do
    wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", i / 65536, i / 256 % 256, i % 256)
    requests[i] = wrk.format()
  end
end
function request()
  last = last % ${clients} + 1
  return requests[last]
end
`;
}

/** The Lua script for a load. No request is formatted while wrk runs. */
export function wrkScript(load: WrkLoad): string {
  const fields = browserHeaders.map(([name, value]) => {
    const sent = name === 'Connection' && load.close ? 'close' : value;
    return `wrk.headers["${name}"] = "${sent}"`;
  });
  const body =
    load.bodyBytes === undefined
      ? []
      : [
          'wrk.method = "POST"',
          'wrk.headers["Content-Type"] = "application/octet-stream"',
          `wrk.body = string.rep("0123456789abcdef", ${load.bodyBytes / 16})`,
        ];
  const clients = load.clients === undefined ? [] : [clientsScript(load.clients)];
  return [...fields, ...body, ...clients, DONE].join('\n');
}

/** Runs wrk with one thread. Throws on any error it saw: a bad status, a broken connection, a time-out. */
export async function runWrk(
  load: WrkLoad,
  target: { readonly port: number; readonly seconds: number; readonly core: number | undefined },
  directory: string,
): Promise<LoadResult> {
  const script = join(directory, 'wrk.lua');
  writeFileSync(script, wrkScript(load));
  const url = `http://127.0.0.1:${target.port}${load.path}`;
  const flags = ['-t1', `-c${load.connections}`, `-d${target.seconds}s`, '--timeout', '10s', '-s', script];
  const output = await runProgram(['wrk', ...flags, url], target.core);
  const line = /^RESULT (.*)$/m.exec(output)?.[1];
  if (line === undefined) throw new Error(`wrk printed no result:\n${output}`);
  return withoutErrors(JSON.parse(line) as WrkSummary);
}

function withoutErrors(summary: WrkSummary): LoadResult {
  const { connectErrors, readErrors, writeErrors, statusErrors, timeouts } = summary;
  if (connectErrors + readErrors + writeErrors + statusErrors + timeouts > 0 || summary.requests === 0) {
    throw new Error(`wrk saw errors: ${JSON.stringify(summary)}`);
  }
  return summary;
}
