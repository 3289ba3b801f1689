import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/config.ts';
import type { SocketAddress } from '../transport/transport.ts';
import type { Served } from './front.ts';
import type { BoundListener } from './served-listener.ts';

/** `config` with the ports that were found where it leaves them open. `bound` are the listeners of `former`, if of any. */
export function withRealPorts(config: Config, former: Config | undefined, bound: readonly BoundListener[]): Config {
  const listeners = Object.entries(config.listeners).map(([name, options]) => {
    const before = (former ?? config).listeners[name]?.bind ?? [];
    const same = bound.filter((each) => each.name === name);
    const bind = options.bind.map((address, at) => {
      // At its own place first: two addresses with an open port look the same.
      const index = isDeepStrictEqual(before[at], address)
        ? at
        : before.findIndex((each) => isDeepStrictEqual(each, address));
      return same[index]?.address ?? address;
    });
    return [name, { ...options, bind }];
  });
  return { ...config, listeners: Object.fromEntries(listeners) };
}

/** Addresses of `config` that none of `bound` has. */
export function unboundAddresses(
  { listeners }: Pick<Config, 'listeners'>,
  bound: readonly BoundListener[],
): readonly { readonly listener: string; readonly address: SocketAddress }[] {
  const isOurs = (address: SocketAddress) => bound.some((each) => isDeepStrictEqual(each.address, address));
  return Object.entries(listeners).flatMap(([listener, { bind }]) =>
    bind.filter((address) => !isOurs(address)).map((address) => ({ listener, address })),
  );
}

/** A unix socket belongs to the first worker. */
export function withoutUnix(served: Served): Served {
  const listeners = Object.entries(served.listeners).map(([name, options]) => {
    return [name, { ...options, bind: options.bind.filter(({ kind }) => kind === 'tcp') }];
  });
  return { ...served, listeners: Object.fromEntries(listeners) };
}
