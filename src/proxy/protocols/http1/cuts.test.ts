import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Cuts } from './cuts.ts';

/** Which bytes are kept, by gaps and lengths of ranges in ascending order. */
interface Layout {
  readonly size: number;
  readonly ranges: readonly (readonly [number, number])[];
}

const layouts = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 9 })), { maxLength: 80 })
  .chain((steps) => fc.integer({ min: 0, max: 9 }).map((rest) => layoutOf(steps, rest)));

function layoutOf(steps: readonly [number, number][], rest: number): Layout {
  let at = 0;
  const ranges = steps.map(([gap, length]) => {
    const start = at + gap;
    at = start + length;
    return [start, at] as const;
  });
  return { size: at + rest, ranges };
}

function bytesOf(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => (index * 7) & 255));
}

/** What a filter that looks at each byte keeps. */
function keptOf({ size, ranges }: Layout, from = 0): Buffer {
  const isCut = (index: number) => ranges.some(([start, end]) => index >= start && index < end);
  return Buffer.from([...bytesOf(size)].filter((_, index) => index >= from && !isCut(index)));
}

function added(ranges: Layout['ranges']): Cuts {
  const cuts = new Cuts();
  for (const [start, end] of ranges) cuts.add(start, end);
  return cuts;
}

function expectKept(cuts: Cuts, layout: Layout): void {
  const want = keptOf(layout);
  const out = Buffer.alloc(layout.size + 8, 0xee);
  expect(cuts.copyKept(bytesOf(layout.size), 0, layout.size, out, 3)).toBe(3 + want.length);
  expect(out.subarray(3, 3 + want.length)).toEqual(want);
  expect([out[2], out[3 + want.length]]).toEqual([0xee, 0xee]);
  const inPlace = bytesOf(layout.size);
  expect(cuts.compact(inPlace, 0, layout.size)).toBe(want.length);
  expect(inPlace.subarray(0, want.length)).toEqual(want);
}

describe('Cuts', () => {
  test('keep what a filter keeps, when added in order', () => {
    fc.assert(fc.property(layouts, (layout) => expectKept(added(layout.ranges), layout)));
  });

  test('keep what a filter keeps, when inserted in any order and more than once', () => {
    const orders = layouts.chain((layout) =>
      fc.tuple(fc.constant(layout), fc.shuffledSubarray([...layout.ranges], { minLength: layout.ranges.length })),
    );
    fc.assert(
      fc.property(orders, fc.nat({ max: 80 }), ([layout, order], early) => {
        const cuts = added(layout.ranges.filter((_, index) => index < early));
        for (const [start, end] of [...order, ...order]) cuts.insert(start, end);
        expectKept(cuts, layout);
      }),
    );
  });

  test('there may be many of them', () => {
    const ranges = Array.from({ length: 200 }, (_, index) => [3 * index, 3 * index + 2] as const);
    const layout = { size: 600, ranges };
    expectKept(added(ranges), layout);
    const inserted = new Cuts();
    for (const [start, end] of ranges.toReversed()) inserted.insert(start, end);
    expectKept(inserted, layout);
  });

  test('ranges that touch become one', () => {
    const cuts = added([
      [2, 4],
      [4, 7],
      [8, 9],
    ]);
    expect(Array.from({ length: cuts.count }, (_, cut) => [cuts.start(cut), cuts.end(cut)])).toEqual([
      [2, 7],
      [8, 9],
    ]);
  });

  test('bytes outside [from, to) are left alone', () => {
    const cuts = added([[4, 6]]);
    const bytes = Buffer.from('0123456789');
    const out = Buffer.alloc(10, '.');
    expect(cuts.copyKept(bytes, 2, 8, out, 1)).toBe(5);
    expect(out.toString()).toBe('.2367.....');
    expect(cuts.compact(bytes, 2, 8)).toBe(6);
    expect(bytes.toString('latin1', 0, 6)).toBe('012367');
    expect(bytes.toString('latin1', 8)).toBe('89');
  });

  test('clear forgets all', () => {
    const cuts = added([[0, 2]]);
    cuts.clear();
    expect(cuts.count).toBe(0);
    expectKept(cuts, { size: 5, ranges: [] });
  });
});
