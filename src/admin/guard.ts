import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { AdminOptions } from '../config/config.ts';
import type { SocketAddress } from '../transport/transport.ts';

export interface AdminRequest {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly detail: string;
}

/**
 * Decides who may use the admin server; undefined: allowed.
 *
 * A page of another site can make a browser on this machine send requests here. It cannot read the answers unless its
 * own name is made to resolve to this address (DNS rebinding); then `Host` has that name, and so it is refused.
 * Whoever knows the token may use any name.
 */
export function refuse(request: AdminRequest, { bind, token }: AdminOptions): Refusal | undefined {
  if (request.origin !== undefined && !isOwnOrigin(request.origin, bind)) {
    return { status: 403, detail: 'requests of other sites are refused (Origin)' };
  }
  if (token !== undefined) {
    if (hasToken(request.authorization, token)) return undefined;
    return { status: 401, detail: 'send the token as Authorization: Bearer <token>' };
  }
  if (isOwnName(hostName(request.host ?? ''), bind)) return undefined;
  return { status: 403, detail: 'use the address that the admin server is bound to, or localhost (Host)' };
}

function hasToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  // Digests have one length, so the comparison takes the same time whatever was given.
  return timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function isOwnOrigin(origin: string, bind: SocketAddress): boolean {
  const authority = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
  return authority !== undefined && isOwnName(hostName(authority), bind);
}

/** Without port and brackets, in lower case. */
function hostName(authority: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(authority) ?? [];
  return (bracketed ?? plain ?? '').toLowerCase();
}

/** Names that no DNS answer can turn into this address. */
function isOwnName(name: string, bind: SocketAddress): boolean {
  if (name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))) return true;
  if (bind.kind === 'unix') return true;
  if (bind.host === '0.0.0.0' || bind.host === '::') return isIP(name) !== 0;
  return name === bind.host.toLowerCase();
}
