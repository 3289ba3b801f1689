import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

export interface Line {
  readonly label: string;
  /** Name of a colour in the style sheet: `--series-1`. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly format: (value: number | null) => string;
  /** Filled below the line; for one line. */
  readonly filled?: boolean;
  /** The top of the axis is not lower than this. */
  readonly leastTop: number;
}

const HEIGHT = 96;
/** Seconds that are shown: the least of these that holds all that is known, so that the first minute fills the chart. */
const SPANS_S = [60, 120, 300] as const;
const PARTS = { 60: 4, 120: 4, 300: 5 } as const;
/** Below this a label for each part does not fit. */
const NARROW = 280;

const colorOf = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** A small chart over the last minutes with what it says in words: the heading has the newest values, or those under the pointer. */
export function Chart(props: ChartProps) {
  const { title, times, lines, format } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const legend = useRef<HTMLDListElement>(null);

  useEffect(() => {
    const made = new uPlot(optionsOf(props, place.current!.clientWidth), [[]], place.current!);
    plot.current = made;
    const observer = new ResizeObserver(([entry]) => {
      made.setSize({ width: Math.floor(entry!.contentRect.width), height: HEIGHT });
    });
    observer.observe(place.current!);
    const redraw = () => made.redraw();
    const preference = matchMedia('(prefers-color-scheme: dark)');
    addEventListener('themechange', redraw);
    preference.addEventListener('change', redraw);
    return () => {
      observer.disconnect();
      removeEventListener('themechange', redraw);
      preference.removeEventListener('change', redraw);
      made.destroy();
    };
    // The number of lines and their colours are the chart's own and never change.
  }, []);

  useEffect(() => {
    plot.current?.setData([[...times], ...lines.map(({ values }) => [...values])] as uPlot.AlignedData);
  });

  const newest = lines.map(({ label, values }) => `${label} ${format(values.at(-1) ?? null)}`).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        <span class="chart-title">{title}</span>
        <dl class="legend" ref={legend}>
          {lines.map(({ label, color, values }) => (
            <div key={label}>
              <dt>
                {lines.length > 1 && <span class="swatch" data-color={color} />}
                {label}
              </dt>
              <dd>{format(values.at(-1) ?? null)}</dd>
            </div>
          ))}
        </dl>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title} over the last five minutes. Now: ${newest}`} />
    </figure>
  );
}

function optionsOf({ lines, format, filled, leastTop }: ChartProps, width: number): uPlot.Options {
  const axis = { stroke: () => colorOf('--ink-2'), font: '11px system-ui, sans-serif' };
  const grid = { stroke: () => colorOf('--line'), width: 1 };
  return {
    width: Math.max(width, 50),
    height: HEIGHT,
    legend: { show: false },
    padding: [6, 4, 0, 0],
    cursor: { show: false },
    scales: {
      x: { time: false, range: (plot, _, max) => [max - spanOf(plot), max] },
      y: { range: (_, __, max) => [0, Math.max(leastTop, (max ?? 0) * 1.1)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        ticks: { show: false },
        size: 18,
        gap: 2,
        splits: (plot) => splitsOf(plot),
        values: (plot, splits) => splits.map((at) => ago((plot.scales['x']!.max ?? 0) - at, spanOf(plot))),
      },
      {
        ...axis,
        grid,
        ticks: { show: false },
        size: 46,
        gap: 4,
        space: 26,
        values: (_, splits) => splits.map((each) => (each === 0 ? '0' : format(each).replace(/\.0+(?= |$)/, ''))),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, color }) => ({
        label,
        width: 1.5,
        points: { show: false },
        spanGaps: false,
        stroke: () => colorOf(color),
        ...(filled === true && { fill: () => `${colorOf(color)}22` }),
      })),
    ],
  };
}

function spanOf({ data: [times] }: uPlot): keyof typeof PARTS {
  const known = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return SPANS_S.find((each) => each >= known) ?? 300;
}

/** The outermost labels would be cut off. */
function splitsOf(plot: uPlot): number[] {
  const span = spanOf(plot);
  const step = (span / PARTS[span]) * (plot.width < NARROW ? 2 : 1);
  const all = Array.from({ length: Math.ceil(span / step) - 1 }, (_, i) => (i + 1) * step);
  return all.map((each) => (plot.scales['x']!.max ?? 0) - each);
}

const ago = (seconds: number, span: number): string =>
  span >= 300 ? `−${Math.round(seconds / 60)} min` : `−${Math.round(seconds)} s`;
