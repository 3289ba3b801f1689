import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Health } from '../pool-options.ts';
import { initialVerdict, intervalAfter, judge, type Verdict } from './verdict.ts';

const after = (start: Verdict, results: string, options = { rise: 2, fall: 3 }): Verdict =>
  [...results].reduce((verdict, result) => judge(verdict, result === '+', options), start);

describe('judge', () => {
  test.each<{ why: string; from: Health; results: string; want: Health }>([
    { why: 'nothing is judged before a check', from: 'unknown', results: '', want: 'unknown' },
    { why: 'the first success makes unknown up', from: 'unknown', results: '+', want: 'up' },
    { why: 'unknown stays through fall − 1 failures', from: 'unknown', results: '--', want: 'unknown' },
    { why: 'unknown is down after fall failures', from: 'unknown', results: '---', want: 'down' },
    { why: 'a success after failures makes unknown up', from: 'unknown', results: '--+', want: 'up' },
    { why: 'up stays through fall − 1 failures', from: 'up', results: '--', want: 'up' },
    { why: 'up is down after fall failures', from: 'up', results: '---', want: 'down' },
    { why: 'a success forgets the failures', from: 'up', results: '--+--', want: 'up' },
    { why: 'down stays through rise − 1 successes', from: 'down', results: '+', want: 'down' },
    { why: 'down is up after rise successes', from: 'down', results: '++', want: 'up' },
    { why: 'a failure forgets the successes', from: 'down', results: '+-+', want: 'down' },
    { why: 'up again needs fall failures again', from: 'down', results: '++--', want: 'up' },
  ])('$why', ({ from, results, want }) => {
    expect(after({ health: from, against: 0 }, results).health).toBe(want);
  });

  test('rise 1 and fall 1 follow each result', () => {
    expect(after(initialVerdict('down'), '+', { rise: 1, fall: 1 }).health).toBe('up');
    expect(after(initialVerdict('unknown'), '-', { rise: 1, fall: 1 }).health).toBe('down');
  });

  test('never flips on fewer results in a row than it takes', () => {
    const options = fc.record({ rise: fc.integer({ min: 1, max: 5 }), fall: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(fc.array(fc.boolean()), options, fc.constantFrom('unknown', 'down'), (results, given, initial) => {
        let verdict = initialVerdict(initial);
        results.forEach((ok, index) => {
          const before = verdict.health;
          verdict = judge(verdict, ok, given);
          if (verdict.health === before) return;
          const needed = ok ? (before === 'unknown' ? 1 : given.rise) : given.fall;
          const last = results.slice(0, index + 1).slice(-needed);
          expect(last).toEqual(new Array(needed).fill(ok));
          expect(verdict).toEqual({ health: ok ? 'up' : 'down', against: 0 });
        });
      }),
    );
  });

  test('rise or fall results in a row always decide', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), fc.boolean(), (results, ok) => {
        const options = { rise: 2, fall: 3 };
        const mixed = results.reduce((verdict, each) => judge(verdict, each, options), initialVerdict('unknown'));
        expect(after(mixed, ok ? '++' : '---', options).health).toBe(ok ? 'up' : 'down');
      }),
    );
  });
});

describe('intervalAfter', () => {
  test.each<{ why: string; health: Health; against: number; want: number[] }>([
    { why: 'agreed that it is up', health: 'up', against: 0, want: [2000, 2000] },
    { why: 'a first failure', health: 'up', against: 1, want: [500, 100] },
    { why: 'not known, failing', health: 'unknown', against: 2, want: [500, 100] },
    { why: 'agreed that it is down', health: 'down', against: 0, want: [2000, 9000] },
    { why: 'a first success', health: 'down', against: 1, want: [500, 100] },
  ])('$why', ({ health, against, want }) => {
    const verdict = { health, against };
    const given = { interval: 2000, fastInterval: 100, downInterval: 9000 };
    expect([intervalAfter(verdict, { interval: 2000 }), intervalAfter(verdict, given)]).toEqual(want);
  });
});
