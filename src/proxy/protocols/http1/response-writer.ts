import { CR, isName, LF, latin1 } from './bytes.ts';
import type { ResponseHead } from './response-head.ts';

/** What this answer's head gets from us; strings are lines without their CRLF, empty for none. */
export interface ResponseExtras {
  isHttp10Client: boolean;
  keepAlive: boolean;
  /** The body goes out chunked. */
  isChunked: boolean;
  /** `X-Served-By: …\r\n`, or empty. */
  servedByLine: string;
}

/** True when the head goes out exactly as it came: the fast path, without a copy. */
export function isForwardedAsIs(head: ResponseHead, extras: ResponseExtras): boolean {
  return (
    head.cuts.count === 0 &&
    !head.isHttp10 &&
    extras.keepAlive &&
    !extras.isHttp10Client &&
    !extras.isChunked &&
    extras.servedByLine === ''
  );
}

/** Writes the head that the client gets to `out`; the number of bytes. */
export function writeResponseHead(head: ResponseHead, out: Buffer, extras: ResponseExtras): number {
  const bytes = head.bytes as Buffer;
  if (extras.servedByLine !== '') cutServedBy(head);
  let o = head.cuts.copyKept(bytes, head.start, head.end - 2, out, 0);
  // We speak HTTP/1.1 whatever the endpoint speaks (RFC 9110 §2.5).
  out[7] = 49;
  if (extras.isChunked) o += out.write('Transfer-Encoding: chunked\r\n', o, 'latin1');
  if (extras.servedByLine !== '') o += out.write(extras.servedByLine, o, 'latin1');
  if (!extras.keepAlive) o += out.write('Connection: close\r\n', o, 'latin1');
  else if (extras.isHttp10Client) o += out.write('Connection: keep-alive\r\n', o, 'latin1');
  out[o++] = CR;
  out[o++] = LF;
  return o;
}

/** The head of a 101: the agreed protocol is named again, as its fields are hop-by-hop. */
export function writeSwitchingHead(head: ResponseHead, out: Buffer): number {
  let o = head.cuts.copyKept(head.bytes as Buffer, head.start, head.end - 2, out, 0);
  const protocol = head.upgradeStart === -1 ? '' : latin1(head.bytes, head.upgradeStart, head.upgradeEnd);
  o += out.write(`Connection: Upgrade\r\n${protocol === '' ? '' : `Upgrade: ${protocol}\r\n`}\r\n`, o, 'latin1');
  return o;
}

/** An X-Served-By of the endpoint's own would be told apart from ours by no one. */
function cutServedBy(head: ResponseHead): void {
  const { fields, bytes } = head;
  for (let field = 0; field < fields.count; field++) {
    const start = fields.offsets[4 * field]!;
    if (fields.offsets[4 * field + 1]! - start !== 11 || !isName(bytes, start, 'x-served-by')) continue;
    head.cuts.insert(start, fields.lineEnd(field, bytes));
  }
}
