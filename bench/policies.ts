/**
 * Policies in the queue simulation: mean, p99 and p99.9 as parts of those of least-connections, seed by seed.
 *
 *   bun bench/policies.ts [--seeds 5] [--workload NAME] [--policy TYPE] [--tried] [--markdown]
 *
 * A figure is a mean over seeds; the standard error is that of paired differences, since policies see the same requests.
 */
import { parseArgs } from 'node:util';
import { createPolicy } from '../src/core/policies/registry.ts';
import { createOracle } from '../src/core/testing/oracle.ts';
import { type PolicyUnderTest, simulate } from '../src/core/testing/queue-simulation.ts';
import type { SimulationResult } from '../src/core/testing/simulation-result.ts';
import { hardWorkloads, type Workload, workloads } from '../src/core/testing/workloads.ts';
import { triedRules } from './harness/tried-rules.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '5' },
    workload: { type: 'string', multiple: true },
    policy: { type: 'string', multiple: true, default: ['adaptive', 'p2c', 'peak-ewma', 'prequal'] },
    tried: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
});

const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1);
const chosen = [...workloads, ...hardWorkloads].filter(({ name }) => values.workload?.includes(name) ?? true);
const byType =
  (type: string): PolicyUnderTest =>
  (deps) =>
    createPolicy(type, deps);
const compared: Readonly<Record<string, PolicyUnderTest>> = {
  ...Object.fromEntries(values.policy.map((type) => [type, byType(type)])),
  ...(values.tried ? triedRules : {}),
  oracle: createOracle,
};

type Figure = 'meanMs' | 'p99Ms' | 'p999Ms' | 'failures';

function ratio(own: readonly SimulationResult[], reference: readonly SimulationResult[], figure: Figure) {
  const ratios = own.map((result, index) => result[figure] / reference[index]![figure]);
  const mean = ratios.reduce((sum, each) => sum + each, 0) / ratios.length;
  const variance = ratios.reduce((sum, each) => sum + (each - mean) ** 2, 0) / Math.max(1, ratios.length - 1);
  return { mean, error: Math.sqrt(variance / ratios.length) };
}

function cell(own: readonly SimulationResult[], reference: readonly SimulationResult[], figure: Figure): string {
  const { mean, error } = ratio(own, reference, figure);
  return `${mean.toFixed(2)} ± ${error.toFixed(2)}`;
}

function absolute(results: readonly SimulationResult[]): string {
  const mean = (figure: Figure) => results.reduce((sum, each) => sum + each[figure], 0) / results.length;
  return `mean ${mean('meanMs').toFixed(2)} ms, p99 ${mean('p99Ms').toFixed(1)} ms, p99.9 ${mean('p999Ms').toFixed(1)} ms`;
}

function line(cells: readonly string[]): string {
  if (values.markdown) return `| ${cells.join(' | ')} |`;
  return cells.map((each, index) => each.padEnd(index === 0 ? 36 : 14)).join('');
}

function compare(workload: Workload): void {
  const run = (policy: PolicyUnderTest) => seeds.map((seed) => simulate({ ...workload, seed }, policy));
  const reference = run(byType('least-connections'));
  const fails = reference.some(({ failures }) => failures > 0);
  console.log(`\n${workload.name}: ${workload.why}\nleast-connections: ${absolute(reference)}\n`);
  console.log(line(['of least-connections', 'mean', 'p99', 'p99.9', ...(fails ? ['failures'] : [])]));
  if (values.markdown) console.log(line(['---', '---', '---', '---', ...(fails ? ['---'] : [])]));
  for (const [name, policy] of Object.entries(compared)) {
    const own = run(policy);
    const figures: Figure[] = ['meanMs', 'p99Ms', 'p999Ms', ...(fails ? (['failures'] as const) : [])];
    console.log(line([name, ...figures.map((figure) => cell(own, reference, figure))]));
  }
}

console.log(`Bun ${Bun.version}, ${seeds.length} seeds; ± is one standard error of the paired ratios`);
for (const workload of chosen) compare(workload);
