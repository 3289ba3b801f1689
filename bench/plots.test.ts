import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { policies } from '../src/core/policies/registry.ts';
import { runUneven } from './harness/plot-run.ts';
import { drawPolicy } from './harness/plot-svg.ts';

const references = { 'least-connections': runUneven('least-connections'), random: runUneven('random') };

/** A run is a second or less; npm run docs:plots draws them all. */
test.each(policies.types)('the picture of %s is what a run of today draws', (type) => {
  const drawn = readFileSync(new URL(`../docs/algorithms/images/${type}.svg`, import.meta.url), 'utf8');
  expect(drawn).toBe(drawPolicy(type, runUneven(type), references));
});
