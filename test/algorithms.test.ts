import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createPolicy, policies } from '../src/core/policies/registry.ts';
import { endpoints } from '../src/core/testing/policy-deps.ts';
import { clientRequest, PolicyDriver } from '../src/core/testing/policy-driver.ts';

const folder = new URL('../docs/algorithms/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder), 'utf8');

/** The cells of the table's rows, its head left out. */
const rows = read('README.md')
  .split('\n')
  .filter((line) => line.startsWith('| ['))
  .map((line) => line.slice(2, -2).split(' | '));

const PICKS = 8000;
const IN_FLIGHT = 64;

/** What four endpoints of weight 3 get beside four of weight 1; all are equally fast. */
function heavyShare(type: string): number {
  const driver = new PolicyDriver((deps) => createPolicy(type, deps), 1);
  driver.policy.update(endpoints([1, 1, 1, 1, 3, 3, 3, 3].map((weight) => ({ weight }))));
  const underWay: number[] = [];
  let heavy = 0;
  for (let client = 0; client < PICKS; client++) {
    const slot = driver.take(clientRequest(client));
    if (slot >= 4) heavy++;
    underWay.push(slot);
    if (underWay.length > IN_FLIGHT) driver.finish(underWay.shift()!);
    driver.clock.advance(1);
  }
  return heavy / PICKS;
}

/** Drawn shares deviate by sqrt(0.75 × 0.25 / 8000), 0.005; four parts of a ring of 150 points a weight by 0.016 besides. */
const TOLERANCE = 0.05;

describe('docs/algorithms/README.md', () => {
  test('has a row for every policy, in the order of the registry', () => {
    expect(rows.map(([link]) => link)).toEqual(policies.types.map((type) => `[${type}](${type}.md)`));
    for (const row of rows) expect(row).toHaveLength(5);
  });

  test.each(rows.map(([link = '', , weights]) => [/\w[\w-]*/.exec(link)![0], weights] as const))(
    '%s goes by weights: %s',
    (type, weights) => {
      const isExact = Math.abs(heavyShare(type) - 0.75) < TOLERANCE;
      expect(isExact ? ['yes'] : ['no', 'in part']).toContain(weights);
    },
  );
});

describe('the page of a policy', () => {
  test.each(policies.types)('%s shows its picture', (type) => {
    expect(read(`${type}.md`)).toContain(`(images/${type}.svg)`);
    expect(existsSync(new URL(`images/${type}.svg`, folder))).toBe(true);
  });
});
