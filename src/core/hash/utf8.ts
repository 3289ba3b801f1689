/**
 * UTF-8 into one scratch buffer that is reused, because `TextEncoder` is no part of the language and allocates.
 *
 * Source  Unicode 15, table 3-6; lone surrogates become U+FFFD as in the WHATWG Encoding Standard.
 * Cost    O(length); allocates only when a text is longer than any before.
 */
let scratch = new Uint8Array(256);

/** The bytes of the latest `encodeUtf8`; valid until the next one. */
export function utf8Scratch(): Uint8Array {
  return scratch;
}

/** Encodes into the scratch buffer; the number of bytes. */
export function encodeUtf8(text: string): number {
  // A UTF-16 unit takes at most three bytes.
  if (text.length * 3 > scratch.length) scratch = new Uint8Array(text.length * 3);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) return encodeRest(text, at);
    scratch[at] = unit;
  }
  return text.length;
}

function encodeRest(text: string, from: number): number {
  let length = from;
  for (let at = from; at < text.length; at++) {
    let code = text.codePointAt(at)!;
    if (code > 0xffff) at++;
    else if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    length = putCode(code, length);
  }
  return length;
}

function putCode(code: number, at: number): number {
  if (code < 0x80) {
    scratch[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    scratch[at] = 0xc0 | (code >> 6);
    scratch[at + 1] = 0x80 | (code & 0x3f);
    return at + 2;
  }
  if (code < 0x10000) {
    scratch[at] = 0xe0 | (code >> 12);
    scratch[at + 1] = 0x80 | ((code >> 6) & 0x3f);
    scratch[at + 2] = 0x80 | (code & 0x3f);
    return at + 3;
  }
  scratch[at] = 0xf0 | (code >> 18);
  scratch[at + 1] = 0x80 | ((code >> 12) & 0x3f);
  scratch[at + 2] = 0x80 | ((code >> 6) & 0x3f);
  scratch[at + 3] = 0x80 | (code & 0x3f);
  return at + 4;
}
