import { useRef } from 'preact/hooks';

interface EditorProps {
  readonly text: string;
  readonly onText: (text: string) => void;
  /** What is wrong, by line (from 1). */
  readonly problems: ReadonlyMap<number, string>;
  readonly area: { current: HTMLTextAreaElement | null };
}

/** Text with line numbers; Tab leaves it, as everywhere on the page. */
export function Editor({ text, onText, problems, area }: EditorProps) {
  const gutter = useRef<HTMLDivElement>(null);
  const lines = text.split('\n').length;
  return (
    <div class="editor">
      <div class="gutter" ref={gutter} aria-hidden="true">
        {Array.from({ length: lines }, (_, i) => (
          <div key={`${i + 1}`} class={problems.has(i + 1) ? 'wrong' : ''} title={problems.get(i + 1)}>
            {i + 1}
          </div>
        ))}
      </div>
      <textarea
        ref={area}
        value={text}
        spellcheck={false}
        autocomplete="off"
        wrap="off"
        aria-label="Configuration, YAML"
        aria-invalid={problems.size > 0}
        onInput={(event) => onText(event.currentTarget.value)}
        onScroll={(event) => {
          gutter.current!.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
}

/** Puts the caret on a line (from 1) and shows it. */
export function goToLine(area: HTMLTextAreaElement, line: number, column = 1): void {
  const lines = area.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  area.focus();
  area.setSelectionRange(start + column - 1, start + (lines[line - 1]?.length ?? 0));
  area.scrollTop = ((line - 4) * area.scrollHeight) / lines.length;
}
