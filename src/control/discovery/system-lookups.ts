import { lookup, Resolver } from 'node:dns/promises';
import type { Lookups } from './resolver.ts';

/** The system's name servers and hosts file. `servers` replaces the name servers: `10.0.0.2` or `10.0.0.2:5353`. */
export function createSystemLookups(servers: readonly string[] = []): Lookups {
  // The defaults wait 5 s four times over, and the hosts file is asked only after that.
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return {
    resolve4: (host) => resolver.resolve4(host, { ttl: true }),
    resolve6: (host) => resolver.resolve6(host, { ttl: true }),
    async lookup(host) {
      const found = await lookup(host, { all: true });
      return found.sort((a, b) => a.family - b.family).map((each) => each.address);
    },
  };
}
