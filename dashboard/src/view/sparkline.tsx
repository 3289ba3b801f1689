interface SparklineProps {
  readonly values: readonly (number | null)[];
  /** The value at the top edge. */
  readonly top: number;
}

const WIDTH = 72;
const HEIGHT = 20;
/** Looks shown. */
const SHOWN = 120;

/** The last two minutes beside a number that says the same. */
export function Sparkline({ values, top }: SparklineProps) {
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path d={pathOf(values.slice(-SHOWN), Math.max(top, 1e-9))} />
    </svg>
  );
}

function pathOf(values: readonly (number | null)[], top: number): string {
  let path = '';
  let isDrawing = false;
  for (const [i, value] of values.entries()) {
    if (value !== null) {
      const x = WIDTH - (values.length - 1 - i) * (WIDTH / (SHOWN - 1));
      const y = HEIGHT - 1 - Math.min(1, value / top) * (HEIGHT - 2);
      path += `${isDrawing ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    }
    isDrawing = value !== null;
  }
  return path;
}
