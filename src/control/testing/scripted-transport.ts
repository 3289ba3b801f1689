import type { ConnectErrorCode, Socket, SocketHandlers, Transport } from '../../transport/transport.ts';

/** A transport whose connects come about when a test says so; `log` tells all that is done to it. */
export function scriptedTransport() {
  const log: string[] = [];
  let handlers!: SocketHandlers<never>;
  let data!: never;
  const script = { accepts: [] as number[] };
  const note = (what: string) => () => void log.push(what);
  const keep = (how: string, ...given: readonly unknown[]) => {
    log.push(how);
    [handlers, data] = given as [typeof handlers, never];
  };
  const transport: Transport = {
    name: 'node',
    canShare: false,
    listen: () => Promise.reject(new Error('not scripted')),
    connect: (_address, ...given) => keep('connect', ...given),
    connectCancellably: (_address, ...given) => {
      keep('connect cancellably', ...given);
      return note('cancel');
    },
  };
  const socketOf = (): Socket<never> => ({
    ...{ data, remoteAddress: '', remotePort: 0, localAddress: '', localPort: 0 },
    ...{ pause: note('pause'), resume: note('resume'), shutdown: note('shutdown') },
    ...{ close: note('close'), terminate: note('terminate') },
    write(bytes, offset, length) {
      const accepted = Math.min(length, script.accepts.shift() ?? length);
      if (length === 0) log.push('an empty write');
      if (accepted > 0) log.push(Buffer.from(bytes.subarray(offset, offset + accepted)).toString('latin1'));
      return accepted;
    },
  });
  const open = () => {
    const socket = socketOf();
    handlers.open(socket);
    return {
      says: (text: string) => handlers.data(socket, Buffer.from(text)),
      drains: () => handlers.drain(socket),
      ends: () => handlers.end(socket),
      closes: () => handlers.close(socket),
    };
  };
  const fail = (code: ConnectErrorCode, systemCode = '') => handlers.connectError(data, code, systemCode);
  return { transport, log, script, open, fail };
}
