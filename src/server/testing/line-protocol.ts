import type { ProtocolDefinition } from '../../proxy/protocols/protocol.ts';
import type { Socket, SocketHandlers } from '../../transport/transport.ts';

interface Line {
  text: string;
}

/** A protocol in miniature: each line is an exchange and comes back with the name of the listener before it. */
export const lines: ProtocolDefinition<'lines'> = {
  type: 'lines',
  create: (name, options, { listenerMetrics }) => {
    let { limits } = options;
    const sockets = new Set<Socket<Line>>();
    let draining = false;

    function finishIfDraining(socket: Socket<Line>): void {
      if (draining && socket.data.text === '') socket.close();
    }

    const handlers: SocketHandlers<Line> = {
      open(socket) {
        socket.data = { text: '' };
        listenerMetrics.connectionArrived();
        if (sockets.size >= limits.connections) {
          listenerMetrics.connectionRefused('limit');
          socket.terminate();
          return;
        }
        sockets.add(socket);
        listenerMetrics.connectionOpened();
      },
      data(socket, bytes) {
        listenerMetrics.bytesReceived(bytes.length);
        socket.data.text += Buffer.from(bytes).toString();
        if (!socket.data.text.endsWith('\n')) return;
        const answer = Buffer.from(`${name}: ${socket.data.text}`);
        socket.data.text = '';
        socket.write(answer, 0, answer.length);
        finishIfDraining(socket);
      },
      drain() {},
      end: (socket) => socket.close(),
      close(socket) {
        if (sockets.delete(socket)) listenerMetrics.connectionClosed();
      },
      connectError() {},
    };

    return {
      handlers: handlers as SocketHandlers<never>,
      get openConnections() {
        return sockets.size;
      },
      configure(next) {
        limits = next.limits;
      },
      evict() {},
      drain() {
        draining = true;
        for (const socket of sockets) finishIfDraining(socket);
      },
      terminate() {
        for (const socket of sockets) socket.terminate();
      },
    };
  },
};
