/** Where frames are drawn: in place on a terminal, else one below the other. */
export interface Screen {
  draw(lines: readonly string[]): void;
  /** Leaves the last frame on the screen. */
  close(): void;
}

const ESC = '\x1b[';
// Lines longer than the terminal are cut: a wrapped line would upset the counting of lines.
const START = `${ESC}?25l${ESC}?7l`;
const END = `${ESC}?25h${ESC}?7h`;

export function createScreen(write: (text: string) => void, inPlace: boolean): Screen {
  let drawn = 0;
  if (!inPlace) return { draw: (lines) => write(`${lines.join('\n')}\n\n`), close: () => {} };
  write(START);
  return {
    draw(lines) {
      const up = drawn > 0 ? `${ESC}${drawn}A` : '';
      // Each line is cleared to its end, and below the last one everything: nothing flickers.
      write(`${up}\r${lines.map((line) => `${line}${ESC}K\n`).join('')}${ESC}J`);
      drawn = lines.length;
    },
    close: () => write(END),
  };
}
