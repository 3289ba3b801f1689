/**
 * Passes when a connection comes about. What the endpoint says on it is read and dropped.
 *
 * Cost    one connection per check, closed with FIN; an endpoint that does not close its side is cut off after 1 s.
 * Errors  `unreachable` with the reason of the failed connect.
 */
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import type { SocketAddress } from '../../transport/transport.ts';
import type { Scheduler } from '../membership/scheduler.ts';
import { CheckOptions } from './check-options.ts';
import { connectFailure, type ProbeDefinition, type ProbeResult } from './probe.ts';

export const TcpProbeOptions = /* @__PURE__ */ z.strictObject({ type: z.literal('tcp'), ...CheckOptions.shape });
export type TcpProbeOptions = z.infer<typeof TcpProbeOptions>;

const LINGER_MS = 1000;

export const tcp: ProbeDefinition<'tcp', unknown> = {
  type: 'tcp',
  create: (_options, { scheduler }) => ({
    start({ address }, report) {
      const socket = connect(toNode(address));
      let settled = false;
      const settle = (result: ProbeResult): void => {
        if (!settled) report(result);
        settled = true;
      };
      socket.once('connect', () => {
        closePolitely(socket, scheduler);
        settle({ kind: 'passed', reason: 'connected' });
      });
      // After the connect an error belongs to the close and says nothing.
      socket.on('error', (error) => settle(connectFailure(error)));
      const stop = (): void => {
        if (!settled) socket.destroy();
        settled = true;
      };
      return { stop };
    },
  }),
};

function toNode(address: SocketAddress): { path: string } | { host: string; port: number } {
  return address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
}

function closePolitely(socket: Socket, scheduler: Scheduler): void {
  const cutOff = scheduler.after(LINGER_MS, () => socket.destroy());
  socket.once('close', () => cutOff.cancel());
  socket.resume();
  socket.end();
}
