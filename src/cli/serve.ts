import { configFromTargets } from '../config/targets.ts';
import { readAdmin } from './admin-option.ts';
import { readArguments, wrongUsage } from './arguments.ts';
import { type CliIo, exitCodes } from './io.ts';
import { printProblems } from './problems.ts';
import { serveUntilStopped } from './serving.ts';

export const serveUsage = `usage: equipoise serve <target…> [--listen 8080] [--policy p2c] [--tcp] [--admin 9900]

Balances between targets without a configuration: ports of this machine, host:port, http://host or unix:/path.

  --listen   address to accept on; a bare port is on 127.0.0.1 (default 8080)
  --policy   how an endpoint is picked
  --tcp      balances connections of any protocol instead of HTTP requests
  --admin    address of the admin API and /metrics, on this machine only
`;

/** `equipoise serve`: exit codes as for `run`. */
export async function serve(argv: readonly string[], io: CliIo): Promise<number> {
  const options = {
    listen: { type: 'string', default: '8080' },
    policy: { type: 'string' },
    tcp: { type: 'boolean' },
    admin: { type: 'string' },
  } as const;
  const parsed = readArguments(argv, options, serveUsage, io);
  if (parsed.kind === 'end') return parsed.code;
  const { values, targets } = parsed;
  if (targets.length === 0) return wrongUsage('serve: between which targets?', serveUsage, io);
  const admin = readAdmin(values.admin);
  if (typeof admin === 'string') return wrongUsage(`serve: --admin ${admin}`, serveUsage, io);
  const { listen, policy, tcp } = values;
  const result = configFromTargets({ targets, listen, policy, tcp });
  if (!result.ok) {
    printProblems(result.problems, io);
    return exitCodes.failed;
  }
  return serveUntilStopped({ ...result.config, ...(admin && { admin }) }, io);
}
