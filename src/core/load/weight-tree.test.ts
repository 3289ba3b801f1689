import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WeightTree } from './weight-tree.ts';

function treeOf(weights: readonly number[]): WeightTree {
  const tree = new WeightTree();
  tree.reset(weights.length, (index) => weights[index]!);
  return tree;
}

describe('WeightTree', () => {
  test.each([
    { why: 'nothing to find', weights: [], point: 0, want: -1 },
    { why: 'all weights 0', weights: [0, 0, 0], point: 0, want: -1 },
    { why: 'one index', weights: [2], point: 1.9, want: 0 },
    { why: 'a stretch begins at its start', weights: [1, 3, 2], point: 1, want: 1 },
    { why: 'a stretch ends before its end', weights: [1, 3, 2], point: 3.99, want: 1 },
    { why: 'the last stretch', weights: [1, 3, 2], point: 4, want: 2 },
    { why: 'weight 0 has no stretch', weights: [0, 0, 5, 0], point: 0, want: 2 },
    { why: 'past the end is the last with weight', weights: [1, 3, 0], point: 4, want: 1 },
  ])('$why', ({ weights, point, want }) => {
    expect(treeOf(weights).find(point)).toBe(want);
  });

  test('a changed tree is the tree built from the changed weights', () => {
    const weights = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 1, maxLength: 40 });
    const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 0.1, 1, 7)), { maxLength: 40 });
    fc.assert(
      fc.property(weights, changes, fc.double({ min: 0, max: 0.999, noNaN: true }), (given, changed, at) => {
        const tree = treeOf(given);
        const now = [...given];
        for (const [index, weight] of changed) {
          tree.set(index % given.length, weight);
          now[index % given.length] = weight;
        }
        const fresh = treeOf(now);
        expect(tree.total).toBe(fresh.total);
        const found = tree.find(at * tree.total);
        expect(found).toBe(fresh.find(at * fresh.total));
        if (fresh.total > 0) expect(now[found]).toBeGreaterThan(0);
      }),
    );
  });
});
