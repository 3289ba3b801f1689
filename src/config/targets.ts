import { type ConfigResult, configFromValue } from './load.ts';

/** What `equipoise serve` is told on its command line. */
export interface Targets {
  /** `3001`, `host:port`, `http://host:port` or `unix:/path`. */
  readonly targets: readonly string[];
  /** Address to accept on; a bare port is on 127.0.0.1. */
  readonly listen: string;
  /** A policy's type; absent: the default. */
  readonly policy?: string | undefined;
  /** Balances connections instead of requests. Default false. */
  readonly tcp?: boolean | undefined;
}

/** Makes the configuration of one listener before one pool, through the same schema as a file. Never throws. */
export function configFromTargets({ targets, listen, policy, tcp = false }: Targets): ConfigResult {
  const value = {
    listeners: { main: { bind: bindOf(listen), protocol: tcp ? 'tcp' : 'http', pool: 'main' } },
    pools: { main: { endpoints: targets.map(endpointOf), ...(policy !== undefined && { policy }) } },
  };
  return configFromValue(value, { file: 'serve', env: {} });
}

const bindOf = (listen: string): string => (/^\d+$/.test(listen) ? `127.0.0.1:${listen}` : listen);

/** `http://` says nothing new and is dropped; a URL without a port means 80. */
function endpointOf(target: string): string {
  const parts = /^http:\/\/([^/?#]+)\/?$/.exec(target);
  if (parts === null) return target;
  const authority = parts[1]!;
  return /:\d+$/.test(authority) ? authority : `${authority}:80`;
}
