import type { Tone } from '../data/verdict.ts';

interface StateStripProps {
  /** A look each, the newest last. */
  readonly tones: readonly (Tone | null)[];
}

/** Looks shown: the least of these that holds all that is known, as in the charts. */
const SPANS = [60, 120, 300] as const;
const HEIGHT = 6;
/** What was picked is a line; what was not stands up, so that it is seen without its colour. */
const HEIGHTS = { good: 2, idle: 4, warn: 5, bad: HEIGHT } as const;

/** How an endpoint was over the last minutes, beneath the word that says how it is. */
export function StateStrip({ tones }: StateStripProps) {
  const span = SPANS.find((each) => each >= tones.length) ?? 300;
  const runs = runsOf(tones.slice(-span));
  const first = span - Math.min(span, tones.length);
  return (
    <svg class="strip" viewBox={`0 0 ${span} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <rect class="ground" x={0} y={HEIGHT - 1} width={span} height={1} />
      {runs.map(({ tone, from, looks }) => (
        <rect
          key={from}
          class={tone}
          x={first + from}
          y={HEIGHT - HEIGHTS[tone]}
          width={looks}
          height={HEIGHTS[tone]}
        />
      ))}
    </svg>
  );
}

function runsOf(tones: readonly (Tone | null)[]): { tone: Tone; from: number; looks: number }[] {
  const runs: { tone: Tone; from: number; looks: number }[] = [];
  for (const [i, tone] of tones.entries()) {
    const last = runs.at(-1);
    if (tone === null) continue;
    if (last?.tone === tone && last.from + last.looks === i) last.looks++;
    else runs.push({ tone, from: i, looks: 1 });
  }
  return runs;
}
