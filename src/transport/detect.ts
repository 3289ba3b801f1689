import { EquipoiseError } from '../core/kernel/errors.ts';
import { createBunTransport } from './bun.ts';
import { createNodeTransport } from './node.ts';
import type { Transport, TransportOptions } from './transport.ts';

export interface CreateTransportOptions extends TransportOptions {
  /** Default: `bun` where Bun runs the program, else `node`. Bun can run both. */
  readonly runtime?: Transport['name'];
}

/** The transport of this runtime. Throws `runtime-unsupported` when `bun` is asked for elsewhere. */
export function createTransport({ runtime, onHandlerError }: CreateTransportOptions): Transport {
  const hasBun = 'Bun' in globalThis;
  const chosen = runtime ?? (hasBun ? 'bun' : 'node');
  if (chosen === 'node') return createNodeTransport({ onHandlerError });
  if (!hasBun)
    throw new EquipoiseError('runtime-unsupported', 'the bun transport needs Bun; this program runs on Node');
  return createBunTransport({ onHandlerError });
}
