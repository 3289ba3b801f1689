import type { GrowingLoad } from '../../core/planning/objective.ts';
import type { PlanInput } from './read-batch.ts';
import type { LoadRule, Plan, SolveOptions } from './solve.ts';

/** More rows than a person reads are counted, not listed. */
const MOST_ROWS = 200;

/** The plan for people: requests, endpoints, what is left over, and how good it is. */
export function formatPlan(input: PlanInput, plan: Plan, options: SolveOptions): string {
  const parts = [
    requestTable(input, plan, options.load),
    endpointTable(input, plan),
    leftOver(input, plan),
    verdict(plan, options),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function requestTable(
  { requests, endpoints, linear, growing }: PlanInput,
  { assignment }: Plan,
  rule: LoadRule,
): string {
  // Load that grows has no cost of one request.
  const { costs, columns } = rule === 'growing' ? growing!.matrix : linear;
  const head = ['request', 'endpoint', rule === 'growing' ? 'cost without load' : 'cost'];
  const rows = assignment
    .slice(0, MOST_ROWS)
    .map((j, i) => [requests[i]!, j < 0 ? '–' : endpoints[j]!, j < 0 ? '' : cost(costs[i * columns + j]!)]);
  return `${table([head, ...rows])}${more(assignment.length)}`;
}

function endpointTable({ endpoints, linear, growing }: PlanInput, { assignment, finish }: Plan): string {
  const taken = new Int32Array(endpoints.length);
  for (const j of assignment) if (j >= 0) taken[j] = taken[j]! + 1;
  const columns: Record<string, readonly string[]> = {
    endpoint: endpoints,
    requests: Array.from(taken, String),
    capacity: Array.from(linear.capacities, String),
    ...(growing?.growing && { load: loadsOf(growing.growing, assignment) }),
    ...(finish && { 'done at': finish.map(cost) }),
  };
  const rows = endpoints.slice(0, MOST_ROWS).map((_, j) => Object.values(columns).map((column) => column[j]!));
  return `${table([Object.keys(columns), ...rows])}${more(endpoints.length)}`;
}

/** Before the batch and after it. */
function loadsOf({ loads, sizes }: GrowingLoad, assignment: readonly number[]): string[] {
  const after = loads.slice();
  for (const [i, j] of assignment.entries()) if (j >= 0) after[j] = after[j]! + sizes[i]!;
  return Array.from(loads, (before, j) => `${cost(before)} → ${cost(after[j]!)}`);
}

const more = (count: number): string => (count > MOST_ROWS ? `… and ${count - MOST_ROWS} more; --json has all\n` : '');

function leftOver(input: PlanInput, { infeasible }: Plan): string {
  if (infeasible.length === 0) return '';
  const lines = infeasible.slice(0, MOST_ROWS).map((row) => `  ${input.requests[row]}: ${reason(input, row)}\n`);
  return `not assigned:\n${lines.join('')}${more(infeasible.length)}`;
}

function reason({ endpoints, linear }: PlanInput, row: number): string {
  const able = endpoints.filter((_, j) => linear.costs[row * linear.columns + j] !== Number.POSITIVE_INFINITY);
  if (able.length === 0) return 'no endpoint can serve it';
  const named = able.length > 5 ? `${able.length} endpoints` : able.join(', ');
  return `whoever can serve it is full (${named})`;
}

function verdict(plan: Plan, { method, load, seed }: SolveOptions): string {
  const { assignment, infeasible, total, optimum, makespan, lowerBound, ratio } = plan;
  const assigned = `${assignment.length - infeasible.length} of ${assignment.length} requests assigned`;
  if (method === 'exact') return `total ${cost(total)}, the least possible; ${assigned}\n`;
  if (makespan !== undefined) {
    const bound = `at most ${cost(ratio!)} times the optimum (lower bound ${cost(lowerBound!)})`;
    return `the last endpoint is done at ${cost(makespan)}, ${bound}; total cost ${cost(total)}; ${assigned}\n`;
  }
  const about = `${method}, ${load} load, seed ${seed}`;
  const against = optimum === undefined ? '' : ` (the exact optimum is ${cost(optimum)})`;
  return `total ${cost(total)}${against}; ${about}; ${assigned}\n`;
}

/** Six digits are enough to read. */
const cost = (value: number): string => String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => rows.reduce((most, row) => Math.max(most, row[column]!.length), 0));
  const line = (row: readonly string[]) =>
    row.map((text, column) => (column < 1 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!))).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}
