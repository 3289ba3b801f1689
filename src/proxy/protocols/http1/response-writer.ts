import { CR, isToken, LF, latin1 } from './bytes.ts';
import type { ResponseHead } from './response-head.ts';

/** What this answer's head gets from us; strings are lines without their CRLF, empty for none. */
export interface ResponseExtras {
  isHttp10Client: boolean;
  keepAlive: boolean;
  /** The body goes out chunked. */
  isChunked: boolean;
  /** `X-Served-By: …\r\n`, or empty. */
  servedByLine: string;
  /** `X-Equipoise-Explain: …\r\n`, or empty. */
  explainLine: string;
}

/** True when the head goes out exactly as it came: the fast path, without a copy. */
export function isForwardedAsIs(head: ResponseHead, extras: ResponseExtras): boolean {
  return (
    head.cuts.count === 0 &&
    !head.isHttp10 &&
    !head.lacksReason &&
    extras.keepAlive &&
    !extras.isHttp10Client &&
    extras.isChunked === (head.codingField !== -1) &&
    extras.servedByLine === '' &&
    extras.explainLine === ''
  );
}

/** Writes the head that the client gets to `out`; the number of bytes. */
export function writeResponseHead(head: ResponseHead, out: Buffer, extras: ResponseExtras): number {
  const bytes = head.bytes as Buffer;
  if (extras.servedByLine !== '') cutNamed(head, 'x-served-by');
  if (extras.explainLine !== '') cutNamed(head, 'x-equipoise-explain');
  const keepsCoding = extras.isChunked && head.codingField !== -1;
  if (head.codingField !== -1 && !keepsCoding) cutField(head, head.codingField);
  let o = copyHead(head, bytes, out);
  if (extras.isChunked && !keepsCoding) o += out.write('Transfer-Encoding: chunked\r\n', o, 'latin1');
  if (extras.servedByLine !== '') o += out.write(extras.servedByLine, o, 'latin1');
  if (extras.explainLine !== '') o += out.write(extras.explainLine, o, 'latin1');
  if (!extras.keepAlive) o += out.write('Connection: close\r\n', o, 'latin1');
  else if (extras.isHttp10Client) o += out.write('Connection: keep-alive\r\n', o, 'latin1');
  out[o++] = CR;
  out[o++] = LF;
  return o;
}

/** The head of a 101: the agreed protocol is named again, as its fields are hop-by-hop. `line`: one more, or empty. */
export function writeSwitchingHead(head: ResponseHead, out: Buffer, line = ''): number {
  let o = copyHead(head, head.bytes as Buffer, out);
  const protocol = head.upgradeStart === -1 ? '' : latin1(head.bytes, head.upgradeStart, head.upgradeEnd);
  o += out.write(`${line}Connection: Upgrade\r\n${protocol === '' ? '' : `Upgrade: ${protocol}\r\n`}\r\n`, o, 'latin1');
  return o;
}

/** An interim answer's head, 100 to 103, as the client gets it; the number of bytes. */
export function writeInterimHead(head: ResponseHead, out: Buffer): number {
  const o = copyHead(head, head.bytes as Buffer, out);
  out[o] = CR;
  out[o + 1] = LF;
  return o + 2;
}

/** Status line and kept fields, without the empty line. We speak HTTP/1.1 whatever the endpoint speaks (RFC 9110 §2.5). */
function copyHead(head: ResponseHead, bytes: Buffer, out: Buffer): number {
  let o = 0;
  let from = head.start;
  if (head.lacksReason) {
    o = out.write(`HTTP/1.1 ${head.status} \r\n`, 0, 'latin1');
    from = head.fieldsStart;
  }
  o = head.cuts.copyKept(bytes, from, head.end - 2, out, o);
  out[7] = 49;
  return o;
}

/** One of the endpoint's own would be told apart from ours by no one. */
function cutNamed(head: ResponseHead, lowerName: string): void {
  const { fields, bytes } = head;
  for (let field = 0; field < fields.count; field++) {
    const start = fields.offsets[4 * field]!;
    if (isToken(bytes, start, fields.offsets[4 * field + 1]!, lowerName)) cutField(head, field);
  }
}

function cutField(head: ResponseHead, field: number): void {
  head.cuts.insert(head.fields.lineStart(field), head.fields.lineEnd(field, head.bytes));
}
