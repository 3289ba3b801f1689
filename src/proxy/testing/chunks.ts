import { BodyReader, CHUNKED } from '../protocols/http1/body-reader.ts';
import { ChunkedDecoder } from '../protocols/http1/chunked-decoder.ts';

/** What a body that came in pieces led to. */
export interface DecodedBody {
  /** What goes on, in the order of the pieces, with the tail behind it. */
  readonly forwarded: string;
  readonly contentBytes: number;
  readonly done: boolean;
  /** Refused, by the piece that ended at this index. */
  readonly refused: boolean;
  /** Behind the body's last byte, or behind all that came. */
  readonly used: number;
}

/** Decodes `text`, cut at `cuts`: each piece in a buffer of its own, between bytes that would be noticed. */
export function decodeChunked(text: string, cuts: readonly number[] = [], payloadOnly = false): DecodedBody {
  const decoder = new ChunkedDecoder();
  decoder.begin(payloadOnly);
  let forwarded = '';
  let used = 0;
  for (const piece of piecesOf(text, cuts)) {
    if (decoder.done) break;
    const bytes = Buffer.from(`0\r\n${piece}\n\r\n`, 'latin1');
    const end = decoder.feed(bytes, 3, 3 + piece.length);
    if (end < 0) return { forwarded, contentBytes: decoder.contentBytes, done: decoder.done, refused: true, used };
    const out = Buffer.alloc(bytes.length);
    forwarded += out.toString('latin1', 0, decoder.cuts.copyKept(bytes, 3, end, out, 0));
    used += end - 3;
  }
  if (decoder.done) forwarded += decoder.tail.toString('latin1');
  return { forwarded, contentBytes: decoder.contentBytes, done: decoder.done, refused: false, used };
}

/** The same by `BodyReader`, which works in place; fails when a byte outside of a piece was changed. */
export function readBody(
  text: string,
  cuts: readonly number[] = [],
  { kind = CHUNKED, length = 0, payloadOnly = false } = {},
): DecodedBody {
  const body = new BodyReader();
  body.begin(kind, length, payloadOnly);
  let forwarded = '';
  let used = 0;
  for (const piece of piecesOf(text, cuts)) {
    const bytes = Buffer.from(`<${piece}>`, 'latin1');
    const end = body.read(bytes, 1, 1 + piece.length);
    if (end < 0) return { forwarded, contentBytes: body.contentBytes, done: body.done, refused: true, used };
    const untouched = `<${bytes.toString('latin1', end, 1 + piece.length)}>`;
    if (untouched !== `<${piece.slice(end - 1)}>`) throw new Error('bytes behind the body were changed');
    forwarded += bytes.toString('latin1', 1, body.forwardEnd) + body.tail.toString('latin1');
    used += end - 1;
    if (body.done) break;
  }
  return { forwarded, contentBytes: body.contentBytes, done: body.done, refused: false, used };
}

export function piecesOf(text: string, cuts: readonly number[]): string[] {
  const ends = [...new Set(cuts.filter((cut) => cut > 0 && cut < text.length))].sort((a, b) => a - b);
  return [...ends, text.length].map((end, index) => text.slice(ends[index - 1] ?? 0, end));
}
