/** The whole terminal, until it is closed. */
export interface Terminal {
  /** Writes the lines that differ from those that are there. */
  draw(lines: readonly string[]): void;
  /** Forgets what is there: it has another size now. */
  resized(): void;
  /** What was there before comes back. */
  close(): void;
}

const ESC = '\x1b[';
// The alternate screen, without a cursor; longer lines are cut, for a wrapped one would push the others down.
const START = `${ESC}?1049h${ESC}?25l${ESC}?7l${ESC}2J`;
const END = `${ESC}?7h${ESC}?25h${ESC}?1049l`;

export function openTerminal(write: (text: string) => void): Terminal {
  let drawn: readonly string[] = [];
  write(START);
  return {
    draw(lines) {
      let changes = '';
      for (let row = 0; row < Math.max(lines.length, drawn.length); row++) {
        const line = lines[row] ?? '';
        if (line !== drawn[row]) changes += `${ESC}${row + 1};1H${line}${ESC}K`;
      }
      drawn = lines;
      // At once: nobody sees half a frame.
      if (changes !== '') write(changes);
    },
    resized() {
      drawn = [];
      write(`${ESC}2J`);
    },
    close: () => write(END),
  };
}
