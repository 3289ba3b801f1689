/**
 * Passes when a connection comes about. What the endpoint says on it is read and dropped.
 *
 * Cost    one connection per check, closed with FIN; an endpoint that does not close its side is cut off after 1 s.
 * Errors  `unreachable` with the reason of the failed connect.
 */
import { z } from 'zod';
import type { Socket } from '../../transport/transport.ts';
import type { Scheduled, Scheduler } from '../membership/scheduler.ts';
import { CheckOptions, SparingOptions } from './check-options.ts';
import type { ProbeDefinition, ProbeResult, ProbeTarget } from './probe.ts';
import { createDialer, type Dialer, ProbeConnection } from './probe-connection.ts';

export const TcpProbeOptions = /* @__PURE__ */ z.strictObject({
  type: z.literal('tcp'),
  ...CheckOptions.shape,
  ...SparingOptions.shape,
});
export type TcpProbeOptions = z.infer<typeof TcpProbeOptions>;

const LINGER_MS = 1000;

export const tcp: ProbeDefinition<'tcp', unknown> = {
  type: 'tcp',
  create(_options, { transport, scheduler }) {
    const dialer = createDialer(transport);
    return { start: (target, report) => new TcpConnection(target, dialer, scheduler, report).connect() };
  },
};

const CONNECTED: ProbeResult = { kind: 'passed', reason: 'connected' };

class TcpConnection extends ProbeConnection {
  readonly #scheduler: Scheduler;
  #cutOff: Scheduled | undefined;

  constructor(target: ProbeTarget, dialer: Dialer, scheduler: Scheduler, report: (result: ProbeResult) => void) {
    super(target.address, dialer, report);
    this.#scheduler = scheduler;
  }

  onOpen(socket: Socket<ProbeConnection>): void {
    this.#cutOff = this.#scheduler.after(LINGER_MS, () => socket.terminate());
    socket.shutdown();
    this.settle(CONNECTED, 'linger');
  }

  onData(): void {}

  onDrain(): void {}

  onEnd(socket: Socket<ProbeConnection>): void {
    socket.close();
  }

  onClose(): void {
    this.#cutOff?.cancel();
  }
}
