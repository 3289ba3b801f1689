/** Makes hostile messages out of a corpus; the same seed gives the same ones. Each is a list of pieces to send. */
export function createMutator(corpus: readonly string[], seed: number): () => string[] {
  const random = mulberry32(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const any = (): string => corpus[below(corpus.length)]!;

  const mutations: ((text: string) => string)[] = [
    (text) => flipBit(text, below(text.length), below(8)),
    (text) => text.slice(0, below(text.length)) + any().slice(below(20)),
    (text) => text.slice(0, below(text.length)),
    (text) => text.slice(below(text.length)),
    (text) => repeatLine(text, below),
    (text) => swapLines(text, below),
    (text) => insert(text, below(text.length), String.fromCharCode(below(256))),
    (text) => insert(text, below(text.length), TOKENS[below(TOKENS.length)]!),
    (text) => text + any(),
    (text) => text.replace(/\d+/, () => String(below(2) ? below(1000) : 2 ** below(70))),
  ];

  return () => {
    let text = any();
    for (let round = below(3); round >= 0 && text.length > 0; round--) text = mutations[below(mutations.length)]!(text);
    if (text.length < 2 || below(2)) return [text];
    const cut = 1 + below(text.length - 1);
    return [text.slice(0, cut), text.slice(cut)];
  };
}

const TOKENS = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '\r\n\r\n',
    '\r\n ',
    '0\r\n\r\n',
    'chunked',
    'Transfer-Encoding: chunked\r\n',
  ],
  ...[
    'Content-Length: 5\r\n',
    'Host: b\r\n',
    'Connection: close\r\n',
    'Connection: Host\r\n',
    'Upgrade: x\r\n',
    'HTTP/1.1',
    'HTTP/1.0',
  ],
  ...['Expect: 100-continue\r\n', 'GET / HTTP/1.1\r\n', 'ffffffffffffffff\r\n'],
];

function flipBit(text: string, at: number, bit: number): string {
  return text.slice(0, at) + String.fromCharCode((text.charCodeAt(at) & 255) ^ (1 << bit)) + text.slice(at + 1);
}

function insert(text: string, at: number, what: string): string {
  return text.slice(0, at) + what + text.slice(at);
}

function repeatLine(text: string, below: (limit: number) => number): string {
  const lines = text.split('\r\n');
  const at = below(lines.length);
  return [...lines.slice(0, at), lines[at], ...lines.slice(at)].join('\r\n');
}

function swapLines(text: string, below: (limit: number) => number): string {
  const lines = text.split('\r\n');
  const [left, right] = [below(lines.length), below(lines.length)];
  [lines[left], lines[right]] = [lines[right]!, lines[left]!];
  return lines.join('\r\n');
}

/** Tommy Ettinger's generator, public domain. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
