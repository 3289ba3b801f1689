import { type ClientSource, FORWARDED_HOST_NAME } from '../../client-source.ts';
import { CR, LF, latin1 } from './bytes.ts';
import type { RequestHead } from './request-head.ts';

/** What a pool adds to or changes in requests; computed once per configuration. */
export interface RequestExtras {
  /** Replaces Host; null keeps the client's. */
  readonly host: string | null;
  readonly forwarded: boolean;
  readonly makeRequestId: (() => string) | null;
}

/**
 * Writes the head that an endpoint gets to `out`: the client's without what was cut, with our forwarding fields.
 * The number of bytes written.
 *
 * `clientIp` is the client's own address behind trusted proxies; `fallbackHost` serves where HTTP/1.0 sent no Host.
 */
export function writeRequestHead(
  head: RequestHead,
  out: Buffer,
  source: ClientSource,
  clientIp: string,
  extras: RequestExtras,
  fallbackHost: string,
): number {
  const hasHost = head.hostEnd > head.hostStart;
  let o: number;
  if (extras.host !== null || head.isAbsoluteForm || !hasHost) o = writeReaddressed(head, out, extras, fallbackHost);
  else o = head.cuts.copyKept(head.bytes as Buffer, head.start, head.end - 2, out, 0);
  if (head.isHttp10 && !head.isAbsoluteForm) out[head.targetEnd - head.start + 8] = 49;
  o = source.isTrusted ? writeTrusted(head, out, o, source, clientIp) : writeUntrusted(head, out, o, source);
  if (head.isChunked) o = write(out, 'Transfer-Encoding: chunked\r\n', o);
  if (head.upgradeStart !== -1) {
    o = write(out, `Connection: Upgrade\r\nUpgrade: ${latin1(head.bytes, head.upgradeStart, head.upgradeEnd)}\r\n`, o);
  }
  if (extras.forwarded) o = write(out, forwardedLines(head, source), o);
  if (extras.makeRequestId !== null && !head.hasRequestId) {
    o = write(out, `X-Request-Id: ${extras.makeRequestId()}\r\n`, o);
  }
  out[o++] = CR;
  out[o++] = LF;
  return o;
}

/** Another Host, or another form of the target, than the client sent: Host comes first, the old line is left out. */
function writeReaddressed(head: RequestHead, out: Buffer, extras: RequestExtras, fallbackHost: string): number {
  const bytes = head.bytes as Buffer;
  const hasHost = head.hostEnd > head.hostStart;
  const host = extras.host ?? (hasHost ? head.host : fallbackHost);
  let o = writeRequestLine(head, out);
  o = write(out, `Host: ${host}\r\n`, o);
  if (head.hostField !== -1) {
    head.cuts.insert(head.fields.lineStart(head.hostField), head.fields.lineEnd(head.hostField, bytes));
  }
  const firstField = head.fields.count > 0 ? head.fields.lineStart(0) : head.end - 2;
  return head.cuts.copyKept(bytes, firstField, head.end - 2, out, o);
}

function writeRequestLine(head: RequestHead, out: Buffer): number {
  let o = write(out, `${head.method} `, 0);
  const emptyPath = head.pathStart === head.targetEnd || head.bytes[head.pathStart] === 63;
  // RFC 9112 §3.2.1, §3.2.4: an absolute form without path asks for `/`, or for `*` with OPTIONS.
  if (emptyPath) o = write(out, head.method === 'OPTIONS' && head.pathStart === head.targetEnd ? '*' : '/', o);
  o += (head.bytes as Buffer).copy(out, o, head.pathStart, head.targetEnd);
  return write(out, ' HTTP/1.1\r\n', o);
}

function writeUntrusted(head: RequestHead, out: Buffer, at: number, source: ClientSource): number {
  const lines = source.forwardedLines;
  lines.copy(out, at);
  let o = at + lines.length;
  const { hostStart, hostEnd } = head;
  if (hostEnd === hostStart) return o - FORWARDED_HOST_NAME.length;
  (head.bytes as Buffer).copy(out, o, hostStart, hostEnd);
  o += hostEnd - hostStart;
  out[o++] = CR;
  out[o++] = LF;
  return o;
}

/** X-Forwarded-For goes on with the proxy's own address. */
function writeTrusted(head: RequestHead, out: Buffer, at: number, source: ClientSource, clientIp: string): number {
  const list = [head.hasForwardedFor ? head.forwardedFor : '', source.ip].filter((part) => part !== '').join(', ');
  let lines = list === '' ? '' : `X-Forwarded-For: ${list}\r\n`;
  if (clientIp !== '') lines += `X-Real-IP: ${clientIp}\r\n`;
  if (!head.hasForwardedProto) lines += 'X-Forwarded-Proto: http\r\n';
  if (!head.hasForwardedHost && head.hostEnd > head.hostStart) lines += `${FORWARDED_HOST_NAME}${head.host}\r\n`;
  return write(out, lines, at);
}

/** RFC 7239 §4; an IPv6 address is quoted and bracketed. */
function forwardedLines(head: RequestHead, source: ClientSource): string {
  const by = source.ip === '' ? 'unknown' : source.ip.includes(':') ? `"[${source.ip}]"` : source.ip;
  const host = head.hostEnd > head.hostStart ? `;host="${head.host}"` : '';
  return `Forwarded: for=${by}${host};proto=http\r\nVia: ${head.isHttp10 ? '1.0' : '1.1'} equipoise\r\n`;
}

function write(out: Buffer, text: string, at: number): number {
  return at + out.write(text, at, 'latin1');
}
