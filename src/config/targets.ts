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
  /** How endpoints are checked: a path to ask for, `tcp` for a connection. Absent or `off`: not at all. */
  readonly health?: string | undefined;
}

/** Makes the configuration of one listener before one pool, through the same schema as a file. Never throws. */
export function configFromTargets({ targets, listen, policy, health, tcp = false }: Targets): ConfigResult {
  const value = {
    listeners: { main: { bind: listenAddress(listen), protocol: tcp ? 'tcp' : 'http', pool: 'main' } },
    pools: {
      main: {
        endpoints: targets.map(targetAddress),
        ...(policy !== undefined && { policy }),
        ...(health !== undefined && health !== 'off' && { health: healthCheck(health) }),
      },
    },
  };
  return configFromValue(value, { file: 'serve', env: {} });
}

/** A bare port is on 127.0.0.1. */
export const listenAddress = (listen: string): string => (/^\d+$/.test(listen) ? `127.0.0.1:${listen}` : listen);

/** `http://` says nothing new and is dropped; a URL without a port means 80. */
export function targetAddress(target: string): string {
  const parts = /^http:\/\/([^/?#]+)\/?$/.exec(target);
  if (parts === null) return target;
  const authority = parts[1]!;
  return /:\d+$/.test(authority) ? authority : `${authority}:80`;
}

const healthCheck = (text: string) => (text.startsWith('/') ? { type: 'http', path: text } : { type: text });
