/** How many bits stand for each byte, RFC 7541 appendix B. The code is canonical: the lengths say all of it. */
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26,
];
const LONGEST = 30;
/** What is left of the last byte is filled with ones, which begin no shorter code. */
const MOST_PADDING = 7;

/** Of the codes of one length: the first, where its byte stands in `BYTES`, and how many there are. */
interface Rank {
  readonly code: number;
  readonly at: number;
  readonly count: number;
}

const BYTES = /* @__PURE__ */ LENGTHS.map((_, byte) => byte).sort((a, b) => LENGTHS[a]! - LENGTHS[b]! || a - b);
const RANKS = /* @__PURE__ */ ranks();

function ranks(): readonly Rank[] {
  const found: Rank[] = [];
  let [code, at] = [0, 0];
  for (let length = 0; length <= LONGEST; length++) {
    const count = LENGTHS.filter((each) => each === length).length;
    found.push({ code, at, count });
    at += count;
    code = (code + count) * 2;
  }
  return found;
}

/** Decodes a string of HPACK, a character a byte; undefined when it is none. */
export function decodeHuffman(bytes: Uint8Array): string | undefined {
  let text = '';
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      const rank = RANKS[++length];
      if (rank === undefined) return undefined;
      if (code - rank.code >= rank.count) continue;
      text += String.fromCharCode(BYTES[rank.at + code - rank.code]!);
      code = 0;
      length = 0;
    }
  }
  return length <= MOST_PADDING && code === 2 ** length - 1 ? text : undefined;
}
