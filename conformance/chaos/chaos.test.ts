import { describe, expect, test } from 'vitest';
import { transports } from '../harness/suite.ts';
import { type Contender, equipoise } from './harness/contenders.ts';
import { describeResult, faultsOf } from './harness/printing.ts';
import type { Scenario } from './harness/scenario.ts';
import { play, type Result, SHORT } from './harness/stage.ts';
import { scenarios } from './scenarios.ts';

/** Two workers are Bun's. */
const contenders = transports.flatMap((each) =>
  each === 'bun' ? [equipoise(each, 1), equipoise(each, 2)] : [equipoise(each, 1)],
);
/** Above this the machine stood still for longer than our checks wait, and what it lost says nothing about us. */
const STALL_MS = 1000;
const ATTEMPTS = 3;

const passed = new Map<string, number>(contenders.map(({ name }) => [name, 0]));

describe('chaos', () => {
  for (const scenario of scenarios) {
    const suited = contenders.filter((each) => scenario.suits?.(each) ?? true);
    test(
      scenario.name,
      () => Promise.all(suited.map((each) => expectNothingLost(scenario, each))).then(() => {}),
      120_000,
    );
  }

  test('each transport took part', () => {
    for (const [name, count] of passed) console.log(`chaos: ${name} ${count}`);
    expect([...passed.values()].every((count) => count > 0)).toBe(true);
  });
});

async function expectNothingLost(scenario: Scenario, contender: Contender): Promise<void> {
  const result = await playUndisturbed(scenario, contender);
  expect(faultsOf(result), describeResult(result)).toEqual([]);
  passed.set(contender.name, passed.get(contender.name)! + 1);
  console.log(`ok chaos: ${describeResult(result)}`);
}

/** Once more when the machine, and not the balancer, was what failed. */
async function playUndisturbed(scenario: Scenario, contender: Contender): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const result = await play(scenario, contender, SHORT);
    if (result.stallMs < STALL_MS || attempt === ATTEMPTS || faultsOf(result).length === 0) return result;
    console.log(`again: ${scenario.name}, the machine stood still for ${result.stallMs} ms`);
  }
}
