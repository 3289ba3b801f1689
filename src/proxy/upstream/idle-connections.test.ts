import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IdleConnections } from './idle-connections.ts';

function filled(max: number, ...entries: readonly [slot: number, connection: string][]): IdleConnections<string> {
  const idle = new IdleConnections<string>(max);
  for (const [slot, connection] of entries) idle.put(slot, connection);
  return idle;
}

describe('IdleConnections', () => {
  test('the one used last is taken first', () => {
    const idle = filled(4, [0, 'a'], [0, 'b'], [0, 'c']);
    expect([idle.take(0), idle.take(0), idle.take(0), idle.take(0)]).toEqual(['c', 'b', 'a', undefined]);
  });

  test('endpoints do not share', () => {
    const idle = filled(4, [5, 'f'], [0, 'a']);
    expect([idle.take(1), idle.take(9), idle.take(5), idle.take(5), idle.take(0)]).toEqual([
      undefined,
      undefined,
      'f',
      undefined,
      'a',
    ]);
  });

  test('an endpoint has enough at its max; others may still put', () => {
    const idle = filled(2, [0, 'a'], [0, 'b']);
    expect([idle.put(0, 'c'), idle.put(1, 'd')]).toEqual([false, true]);
    expect([idle.take(0), idle.put(0, 'e'), idle.put(0, 'f')]).toEqual(['b', true, false]);
  });

  test('a max of 0 keeps none', () => {
    expect(filled(0).put(0, 'a')).toBe(false);
  });

  test('remove takes out one, wherever it lies; what is not there is no error', () => {
    const idle = filled(4, [0, 'a'], [0, 'b'], [0, 'c']);
    idle.remove(0, 'b');
    idle.remove(0, 'x');
    idle.remove(3, 'a');
    expect([idle.take(0), idle.take(0), idle.take(0)]).toEqual(['c', 'a', undefined]);
  });

  test('takeAll empties one endpoint, drain all', () => {
    const idle = filled(4, [0, 'a'], [2, 'b'], [2, 'c'], [3, 'd']);
    expect([idle.takeAll(2), idle.takeAll(2), idle.takeAll(9)]).toEqual([['b', 'c'], [], []]);
    expect([idle.drain().sort(), idle.drain()]).toEqual([['a', 'd'], []]);
    expect(idle.put(0, 'e')).toBe(true);
  });

  test('no connection is given out twice or lost', () => {
    const action = fc.tuple(fc.constantFrom('put', 'take', 'remove', 'takeAll'), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (actions, max) => {
        const idle = new IdleConnections<number>(max);
        const model: number[][] = [[], [], [], []];
        for (const [id, [kind, slot]] of actions.entries()) {
          const mine = model[slot]!;
          if (kind === 'put') {
            expect(idle.put(slot, id)).toBe(mine.length < max);
            if (mine.length < max) mine.push(id);
          } else if (kind === 'take') expect(idle.take(slot)).toBe(mine.pop());
          else if (kind === 'takeAll') expect(idle.takeAll(slot)).toEqual(mine.splice(0));
          else {
            const victim = mine[id % 3];
            if (victim !== undefined) mine.splice(mine.indexOf(victim), 1);
            idle.remove(slot, victim ?? -1);
          }
        }
        expect(idle.drain()).toEqual(model.flat());
      }),
    );
  });
});
