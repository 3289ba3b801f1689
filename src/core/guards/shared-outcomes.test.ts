import { describe, expect, test } from 'vitest';
import { createSharedOutcomes, OutcomeCollector, OutcomeTally } from './shared-outcomes.ts';

function setUp(tellAt = 0) {
  const memory = createSharedOutcomes(8, 2);
  let told = 0;
  const onRun = () => void told++;
  const [one, other] = [0, 1].map((worker) => new OutcomeTally(memory, worker, tellAt, onRun));
  const collector = new OutcomeCollector(memory);
  /** s, f: worker 0's success or failure; S, F: worker 1's. */
  function play(events: string): void {
    for (const event of events) (event.toLowerCase() === event ? one! : other!).record(5, event.toLowerCase() === 's');
  }
  return { memory, collector, play, told: () => told };
}

describe('shared outcomes', () => {
  test.each([
    { events: '', want: { requests: 0, failures: 0, run: 0 } },
    { events: 'sSf', want: { requests: 3, failures: 1, run: 1 } },
    { events: 'fFfF', want: { requests: 4, failures: 4, run: 4 } },
    { events: 'fFfS', want: { requests: 4, failures: 3, run: 3 } },
    { events: 'ffSF', want: { requests: 4, failures: 3, run: 2 } },
  ])('$events', ({ events, want }) => {
    const { collector, play } = setUp();
    play(events);
    expect({ ...collector.collect(5) }).toEqual(want);
    expect(collector.collect(5)).toMatchObject({ requests: 0, failures: 0 });
    expect(collector.collect(4)).toMatchObject({ requests: 0, run: 0 });
  });

  test('a run goes on over several collections', () => {
    const { collector, play } = setUp();
    play('fF');
    collector.collect(5);
    play('f');
    expect(collector.collect(5)).toMatchObject({ requests: 1, run: 3 });
    play('Sf');
    expect(collector.collect(5)).toMatchObject({ run: 1 });
  });

  test('a slot’s next endpoint begins with nothing', () => {
    const { collector, play } = setUp();
    play('ffF');
    collector.begin(5);
    expect({ ...collector.collect(5) }).toEqual({ requests: 0, failures: 0, run: 0 });
  });

  test('says once that a run is long enough, whoever had its failures', () => {
    const { play, told } = setUp(3);
    play('fF');
    expect(told()).toBe(0);
    play('f');
    expect(told()).toBe(1);
    play('fF');
    expect(told()).toBe(1);
  });

  test('a worker in the place of a dead one goes on counting; counts wrap', () => {
    const { memory, collector, play } = setUp();
    memory.columns.fill(2 ** 31 - 1);
    collector.begin(5);
    play('sF');
    expect(collector.collect(5)).toMatchObject({ requests: 2, failures: 1 });
    new OutcomeTally(memory, 0, 0, () => {}).record(5, false);
    expect(collector.collect(5)).toMatchObject({ requests: 1, failures: 1 });
  });

  test('does not count a slot beyond the capacity', () => {
    const { memory, collector } = setUp();
    new OutcomeTally(memory, 0, 0, () => {}).record(8, false);
    expect(collector.collect(8)).toMatchObject({ requests: 0 });
    expect([...memory.columns, ...memory.runs].every((word) => word === 0)).toBe(true);
  });
});
