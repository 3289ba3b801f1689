import type { CostMatrix } from '../cost-matrix.ts';

export interface Best {
  readonly assigned: number;
  readonly cost: number;
}

/** Tries every assignment; `costOf` (by default the sum of the matrix) is least among those that assign most. */
export function bruteForce(matrix: CostMatrix, costOf = linearCost(matrix)): Best {
  const { rows, columns, costs } = matrix;
  const room = matrix.capacities.slice();
  const chosen = new Int32Array(rows).fill(-1);
  let best: Best = { assigned: -1, cost: 0 };
  function visit(row: number, assigned: number): void {
    if (assigned + rows - row < best.assigned) return;
    if (row === rows) {
      const cost = costOf(chosen);
      if (assigned > best.assigned || cost < best.cost) best = { assigned, cost };
      return;
    }
    for (let j = 0; j < columns; j++) {
      if (room[j] === 0 || costs[row * columns + j] === Number.POSITIVE_INFINITY) continue;
      room[j] = room[j]! - 1;
      chosen[row] = j;
      visit(row + 1, assigned + 1);
      room[j] = room[j]! + 1;
    }
    chosen[row] = -1;
    visit(row + 1, assigned);
  }
  visit(0, 0);
  return best;
}

const linearCost =
  ({ columns, costs }: CostMatrix) =>
  (chosen: Int32Array) =>
    chosen.reduce((sum, column, row) => (column < 0 ? sum : sum + costs[row * columns + column]!), 0);
