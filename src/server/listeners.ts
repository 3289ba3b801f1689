import { isDeepStrictEqual } from 'node:util';
import { EquipoiseError } from '../core/kernel/errors.ts';
import { isListenedOn } from '../transport/listening-ports.ts';
import type { Listener, SocketAddress, SocketHandlers, Transport } from '../transport/transport.ts';
import type { ServedListener } from './served-listener.ts';

/** An address to bind. */
export interface Binding {
  readonly listener: string;
  readonly address: SocketAddress;
  readonly handlers: SocketHandlers<never>;
}

/**
 * Binds everything, or nothing: rejects with `listen-failed`, naming the listener, after closing what was bound. `shared`:
 * other workers bind the same tcp addresses.
 */
export async function bindAll(
  transport: Transport,
  bindings: readonly Binding[],
  shared: boolean,
): Promise<Listener[]> {
  const opened: Listener[] = [];
  try {
    for (const { listener, address, handlers } of bindings) {
      opened.push(await listen(transport, listener, address, handlers, shared));
    }
    return opened;
  } catch (error) {
    for (const socket of opened) socket.stop();
    throw error;
  }
}

/**
 * Rejects with `listen-failed` when another program listens: it might share the address without knowing of us. `served` listen
 * there by right: under another name or protocol, until they stop.
 */
export async function checkFree(
  transport: Transport,
  bindings: readonly Pick<Binding, 'listener' | 'address'>[],
  served: readonly Pick<ServedListener, 'sockets'>[] = [],
): Promise<void> {
  const ours = served.flatMap(({ sockets }) => sockets.map((each) => each.address));
  for (const { listener, address } of bindings) {
    if (address.kind !== 'tcp' || address.port === 0 || ours.some((each) => isDeepStrictEqual(each, address))) continue;
    // Usually that is all: nothing was bound, so nobody could come before we serve.
    if (isListenedOn(address.port) === false) continue;
    (await listen(transport, listener, address, NOBODY, false)).stop();
  }
}

/** Who comes in the moment before we serve finds nobody, as the moment before that. */
const NOBODY: SocketHandlers<never> = {
  open: (socket) => socket.terminate(),
  data() {},
  drain() {},
  end() {},
  close() {},
  connectError() {},
};

async function listen(
  transport: Transport,
  name: string,
  address: SocketAddress,
  handlers: SocketHandlers<never>,
  shared: boolean,
): Promise<Listener> {
  try {
    return await transport.listen(address, handlers, shared && address.kind === 'tcp');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EquipoiseError('listen-failed', `listener ${name}: ${reason}`, { cause });
  }
}
