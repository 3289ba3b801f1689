import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acts, actsBetween, conductAt, ROUND_MS } from './story.ts';

const kindAt = (endpoint: string, seconds: number) => conductAt(endpoint, seconds * 1000).kind;

test.each([
  { why: 'at first everybody is well', at: 1.9, steady: 'well', flaky: 'well' },
  { why: 'steady slows down', at: 2, steady: 'slow', flaky: 'well' },
  { why: 'further', at: 5, steady: 'slow', flaky: 'well' },
  { why: 'and recovers', at: 8, steady: 'well', flaky: 'well' },
  { why: 'then flaky fails', at: 12, steady: 'well', flaky: 'failing' },
  { why: 'and recovers', at: 13, steady: 'well', flaky: 'well' },
  { why: 'and all of it again', at: 18 + 2, steady: 'slow', flaky: 'well' },
  { why: 'and again', at: 36 + 12, steady: 'well', flaky: 'failing' },
  { why: 'of others there is nothing to tell', at: 5, steady: 'slow', flaky: 'well', fast: 'well' },
])('$at s: $why', ({ at, steady, flaky, fast = 'well' }) => {
  expect([kindAt('steady', at), kindAt('flaky', at), kindAt('fast', at)]).toEqual([steady, flaky, fast]);
});

describe('acts', () => {
  test('come in order, and every endpoint is well at the end of a round', () => {
    const times = acts.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const { endpoint } of acts) expect(conductAt(endpoint, ROUND_MS - 1).kind).toBe('well');
  });

  test('each is told once, however often somebody looks', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: ROUND_MS - 1 }), { minLength: 1, maxLength: 60 }), (steps) => {
        let atMs = 0;
        const told: string[] = [];
        for (const step of steps) {
          told.push(...actsBetween(atMs, atMs + step).map(({ text }) => text));
          atMs += step;
        }
        const rounds = Array.from({ length: Math.ceil(atMs / ROUND_MS) + 1 }, (_, i) => i * ROUND_MS);
        const due = rounds.flatMap((start) => acts.filter((act) => start + act.atMs <= atMs));
        expect(told).toEqual(due.map(({ text }) => text));
      }),
      { seed: 7 },
    );
  });
});
