// Answers the requests of solver-process.ts with our solver, as built, on Node.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { solveAssignment } from '../../dist/core/planning/assignment.js';
import { defaultCapacities } from '../../dist/core/planning/cost-matrix.js';

const say = (/** @type {object} */ answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

say({ version: `Node ${process.versions.node}, V8 ${process.versions.v8}` });
for await (const line of createInterface({ input: process.stdin })) {
  const { file, rows, columns, samples, repeats } = JSON.parse(line);
  const costs = new Float64Array(new Uint8Array(readFileSync(file)).buffer);
  const matrix = { rows, columns, costs, capacities: defaultCapacities(rows, columns) };
  let [ms, total] = [Number.POSITIVE_INFINITY, 0];
  for (let sample = 0; sample < samples; sample++) {
    const started = performance.now();
    for (let k = 0; k < repeats; k++) total = solveAssignment(matrix).total;
    ms = Math.min(ms, (performance.now() - started) / repeats);
  }
  say({ ms, total });
}
