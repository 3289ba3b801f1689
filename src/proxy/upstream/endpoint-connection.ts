import type { PoolMetrics } from '../../telemetry/metrics.ts';
import { Connection } from '../../transport/connection.ts';

/** A connection to the endpoint of a slot; what is sent on it is counted, and what it receives by `countReceived`. */
export abstract class EndpointConnection extends Connection {
  protected readonly slot: number;
  protected readonly metrics: PoolMetrics;

  constructor(slot: number, metrics: PoolMetrics) {
    super();
    this.slot = slot;
    this.metrics = metrics;
  }

  override send(bytes: Uint8Array, from: number, to: number, owned: boolean): boolean {
    const flows = super.send(bytes, from, to, owned);
    if (!this.isBroken) this.metrics.bytesSent(this.slot, to - from);
    return flows;
  }

  protected countReceived(bytes: Uint8Array): void {
    this.metrics.bytesReceived(this.slot, bytes.byteLength);
  }
}
