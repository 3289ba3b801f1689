import type { ProtocolDefinition } from '../protocol.ts';
import { Http1Listener } from './listener.ts';

/** HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112): requests of a listener go to the pools that its routes name. */
export const http1: ProtocolDefinition<'http1'> = {
  type: 'http1',
  create: (name, options, deps) => new Http1Listener(name, options, deps),
};
