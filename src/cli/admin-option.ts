import { isLoopback } from '../config/addresses.ts';
import type { AdminOptions } from '../config/config.ts';
import { parseSocketAddress } from '../transport/address.ts';

/** Reads `--admin`; a string says what is wrong with it, undefined: there is to be no admin server. */
export function readAdmin(text: string | undefined): AdminOptions | string | undefined {
  if (text === undefined) return undefined;
  const parsed = parseSocketAddress(text);
  if (!parsed.ok) return parsed.problem;
  if (!isLoopback(parsed.address)) return `${text}: beyond this machine it needs a token, and so a configuration file`;
  return { bind: parsed.address };
}
