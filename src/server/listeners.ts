import { EquipoiseError } from '../core/kernel/errors.ts';
import type { ListenerOptions } from '../proxy/listener-options.ts';
import type { ProtocolRuntime } from '../proxy/protocols/protocol.ts';
import type { Listener, SocketAddress, Transport } from '../transport/transport.ts';

/** A listener at work, bound to each of its addresses. */
export interface ServedListener {
  readonly name: string;
  readonly options: ListenerOptions;
  readonly runtime: ProtocolRuntime;
  readonly sockets: readonly Listener[];
}

export interface ListenerToBind {
  readonly name: string;
  readonly options: ListenerOptions;
  readonly runtime: ProtocolRuntime;
}

/** Binds everything, or nothing: rejects with `listen-failed`, naming the listener, after closing what was bound. */
export async function bindAll(transport: Transport, listeners: readonly ListenerToBind[]): Promise<ServedListener[]> {
  const bound: ServedListener[] = [];
  const opened: Listener[] = [];
  try {
    for (const { name, options, runtime } of listeners) {
      const sockets: Listener[] = [];
      for (const address of options.bind) {
        const socket = await bind(transport, name, address, runtime);
        sockets.push(socket);
        opened.push(socket);
      }
      bound.push({ name, options, runtime, sockets });
    }
    return bound;
  } catch (error) {
    for (const socket of opened) socket.stop();
    for (const { runtime } of listeners) runtime.terminate();
    throw error;
  }
}

async function bind(
  transport: Transport,
  name: string,
  address: SocketAddress,
  runtime: ProtocolRuntime,
): Promise<Listener> {
  try {
    return await transport.listen(address, runtime.handlers);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EquipoiseError('listen-failed', `listener ${name}: ${reason}`, { cause });
  }
}
