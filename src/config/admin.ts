import { z } from 'zod';
import { HIDDEN } from '../core/kernel/url-secrets.ts';
import type { SocketAddress } from '../transport/transport.ts';
import { isLoopback } from './addresses.ts';
import { SocketAddressFile } from './listener.ts';
import { section } from './reading.ts';
import { text } from './scalars.ts';

export interface AdminOptions {
  readonly bind: SocketAddress;
  /** Absent only where `bind` is reached from this machine alone. */
  readonly token?: string;
  /** Lets its bearer see everything and change nothing. Only beside `token`. */
  readonly readToken?: string;
}

const AdminObject = section({
  bind: SocketAddressFile.describe('Address of the admin server; beyond loopback only with a token.'),
  token: z.exactOptional(text()).describe('Secret that requests must carry; empty is the same as absent.'),
  readToken: z
    .exactOptional(text())
    .describe('Another secret, whose bearer may see everything and change nothing; empty is the same as absent.'),
});

/** The admin server. */
export const AdminFile = AdminObject.transform(({ bind, token, readToken }, context): AdminOptions => {
  const refuse = (key: string, message: string, fix: string) =>
    context.addIssue({ code: 'custom', message, path: [key], params: { fix } });
  const secrets = { ...(token && { token }), ...(readToken && { readToken }) };
  if (!token && !isLoopback(bind)) {
    refuse('bind', 'an admin server beyond loopback needs a token', 'add a token, or bind it to 127.0.0.1');
  }
  if (readToken && !token) refuse('readToken', 'nobody could change anything', 'add a token too');
  if (readToken && readToken === token && token !== HIDDEN)
    refuse('readToken', 'is the token, which may do more', 'choose another secret');
  return { bind, ...secrets };
});
