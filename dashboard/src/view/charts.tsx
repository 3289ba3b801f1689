import type { History } from '../data/history.ts';
import { bytes, count, milliseconds, rate } from '../data/numbers.ts';
import { bytesKey } from '../data/totals.ts';
import { Chart, type Line } from './chart.tsx';

type Value = number | null;

interface ChartsProps {
  /** Of what, in the history. */
  readonly of: string;
  readonly isTcp: boolean;
  readonly history: History;
  /** Whose bytes are told, of tcp; none: connections that ended instead. */
  readonly listeners?: readonly string[];
}

const orNone = (format: (value: number) => string) => (value: Value) => (value === null ? '–' : format(value));
const perSecond = orNone(rate);
const bytesPerSecond = orNone(bytes);

/** What comes, how fast it is answered, what fails; of tcp, what is open and how much it carries. */
export function Charts({ of, isTcp, history, listeners = [] }: ChartsProps) {
  const track = history.track(of);
  if (track === undefined) return null;
  const { times } = history;
  const only = (values: readonly Value[], color = '--series-1'): Line[] => [{ label: '', color, values }];
  const failures = only(track.failures, '--series-bad');
  if (isTcp) {
    return (
      <div class="charts">
        <Chart title="Open" times={times} lines={only(track.inFlight)} format={orNone(count)} filled leastTop={10} />
        {listeners.length > 0 ? (
          <Chart
            title="Bytes/s"
            times={times}
            lines={bytesOf(listeners, history)}
            format={bytesPerSecond}
            leastTop={1000}
          />
        ) : (
          <Chart title="Ended/s" times={times} lines={only(track.rate)} format={perSecond} filled leastTop={1} />
        )}
        <Chart title="Failed connects/s" times={times} lines={failures} format={perSecond} filled leastTop={1} />
      </div>
    );
  }
  const latency = [
    { label: 'p50', color: '--series-1', values: track.p50 },
    { label: 'p90', color: '--series-2', values: track.p90 },
    { label: 'p99', color: '--series-3', values: track.p99 },
  ];
  return (
    <div class="charts">
      <Chart title="Requests/s" times={times} lines={only(track.rate)} format={perSecond} filled leastTop={10} />
      <Chart title="Latency" times={times} lines={latency} format={milliseconds} leastTop={1} />
      <Chart title="Failed/s" times={times} lines={failures} format={perSecond} filled leastTop={1} />
    </div>
  );
}

/** Of all of them together, from clients and to them. */
function bytesOf(listeners: readonly string[], history: History): Line[] {
  const sum = (direction: 'received' | 'sent') =>
    history.times.map((_, i) => {
      const values = listeners.map((name) => history.track(bytesKey(name, direction))?.rate[i] ?? null);
      return values.reduce((total, each) => (each === null ? total : (total ?? 0) + each), null);
    });
  return [
    { label: 'received', color: '--series-1', values: sum('received') },
    { label: 'sent', color: '--series-2', values: sum('sent') },
  ];
}
