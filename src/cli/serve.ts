import { configFromTargets } from '../config/targets.ts';
import { readAdmin } from './admin-option.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import { isHealth, notHealth } from './health-option.ts';
import { type CliIo, exitCodes } from './io.ts';
import { type Options, policyTypes, usageText } from './options.ts';
import { printProblems } from './problems.ts';
import { serveUntilStopped } from './serving.ts';

export const serveOptions = {
  listen: {
    type: 'string',
    default: '8080',
    summary: 'address to accept on; a bare port is on 127.0.0.1 (default 8080)',
  },
  policy: { type: 'string', values: policyTypes, summary: 'how an endpoint is picked (default adaptive)' },
  health: {
    type: 'string',
    default: 'tcp',
    values: ['/health', 'tcp', 'off'],
    summary: 'how endpoints are checked: a path that answers 200, tcp for a connection (default), or off',
  },
  tcp: { type: 'boolean', summary: 'balances connections of any protocol instead of HTTP requests' },
  admin: { type: 'string', summary: 'address of the dashboard, the admin API and /metrics, on this machine only' },
} as const satisfies Options;

const serveUsage = usageText(
  `usage: equipoise serve <target…> [--listen 8080] [--policy p2c] [--health /health] [--tcp] [--admin 9900]

Balances between targets without a configuration: ports of this machine, host:port, http://host or unix:/path.`,
  serveOptions,
);

/** `equipoise serve`: exit codes as for `run`. */
export async function serve(argv: readonly string[], io: CliIo): Promise<number> {
  const parsed = readArguments(argv, serveOptions, serveUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const { values, targets } = parsed;
  if (targets.length === 0) return wrongUsage('serve: between which targets?', serveUsage, io);
  const admin = readAdmin(values.admin);
  if (typeof admin === 'string') return wrongUsage(`serve: --admin ${admin}`, serveUsage, io);
  const { listen, policy, health, tcp } = values;
  if (!isHealth(health)) return wrongUsage(`serve: --health ${notHealth(health)}`, serveUsage, io);
  const result = configFromTargets({ targets, listen, policy, health, tcp });
  if (!result.ok) {
    printProblems(result.problems, io);
    return exitCodes.failed;
  }
  return serveUntilStopped({ ...result.config, ...(admin && { admin }) }, io, { guide: true });
}
