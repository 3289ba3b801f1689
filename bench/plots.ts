/**
 * Draws docs/algorithms/images/<type>.svg for every registered policy: its shares on endpoints of uneven speeds, and its
 * latencies beside least-connections and random. The same every time: bench/plots.test.ts compares.
 *
 *   npm run docs:plots
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { policies } from '../src/core/policies/registry.ts';
import { runUneven } from './harness/plot-run.ts';
import { drawPolicy } from './harness/plot-svg.ts';

const images = new URL('../docs/algorithms/images/', import.meta.url);
mkdirSync(images, { recursive: true });
const references = { 'least-connections': runUneven('least-connections'), random: runUneven('random') };
for (const type of policies.types) {
  writeFileSync(new URL(`${type}.svg`, images), drawPolicy(type, runUneven(type), references));
}
