import { isIP } from 'node:net';
import type { AdminOptions } from '../config/config.ts';
import { isSameSecret } from '../server/same-secret.ts';
import type { SocketAddress } from '../transport/transport.ts';

/** What a request asks for: to see, or to change. */
export type Scope = 'read' | 'operate';

export interface AdminRequest {
  readonly scope: Scope;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  /** `Sec-Fetch-Site`, which browsers send: where the page is that asks. */
  readonly site: string | undefined;
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
 * Whoever knows the token may use any name. What changes something must come from a page of this very server (same
 * scheme-less origin, port included), or from no page at all.
 */
export function refuse(request: AdminRequest, options: AdminOptions): Refusal | undefined {
  if (!isOwnPage(request, options)) return { status: 403, detail: 'requests of other sites are refused (Origin)' };
  if (options.token !== undefined) return refuseBearer(request, options.token, options.readToken);
  if (isOwnName(hostName(request.host ?? ''), options.bind)) return undefined;
  return { status: 403, detail: 'use the address that the admin server is bound to, or localhost (Host)' };
}

function refuseBearer(request: AdminRequest, token: string, readToken: string | undefined): Refusal | undefined {
  const given = /^Bearer +(\S+) *$/i.exec(request.authorization ?? '')?.[1] ?? '';
  // Both are compared, whatever the first comparison gave.
  const [operates, reads] = [isSameSecret(given, token), readToken !== undefined && isSameSecret(given, readToken)];
  if (operates || (reads && request.scope === 'read')) return undefined;
  if (reads) return { status: 403, detail: 'this token may only read; what changes something needs admin.token' };
  return { status: 401, detail: 'send the token as Authorization: Bearer <token>' };
}

function isOwnPage({ scope, origin, host, site }: AdminRequest, { bind, token }: AdminOptions): boolean {
  if (scope === 'operate' && site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin === undefined) return true;
  const authority = /^https?:\/\/([^/]+)$/.exec(origin)?.[1]?.toLowerCase();
  if (authority === undefined) return false;
  const isThisServer = authority === host?.toLowerCase();
  if (scope === 'operate') return isThisServer;
  // Under another name, behind a proxy, only the token tells that it is ours.
  return isOwnName(hostName(authority), bind) || (token !== undefined && isThisServer);
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
