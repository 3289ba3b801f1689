/**
 * The chaos suite at full length, HAProxy and NGINX beside us.
 *
 * Run     npm run chaos -- [--scenario NAME]… [--contender NAME]… [--short] [--at-once N] [--json FILE]
 * Result  a line a run; exit code 1 when ours lost what it could have saved.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeMachine } from '../../bench/harness/machine.ts';
import { missingPrograms, versionOf } from '../../bench/harness/peers.ts';
import { type Contender, equipoise, haproxy, nginx } from './harness/contenders.ts';
import { describeResult, faultsOf } from './harness/printing.ts';
import { FULL, play, type Result, SHORT } from './harness/stage.ts';
import { scenarios } from './scenarios.ts';

const CONTENDERS = [equipoise('bun', 1), equipoise('bun', 2), equipoise('node', 1), haproxy, nginx];

// What was started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', multiple: true, default: scenarios.map(({ name }) => name) },
    contender: { type: 'string', multiple: true, default: CONTENDERS.map(({ name }) => name) },
    short: { type: 'boolean', default: false },
    'at-once': { type: 'string', default: '1' },
    json: { type: 'string' },
  },
});

const missing = missingPrograms(['haproxy', 'nginx'].filter((name) => values.contender.includes(name)));
if (missing.length > 0) console.log(`not installed, left out: ${missing.join(', ')}`);
const chosen = CONTENDERS.filter(({ name }) => values.contender.includes(name) && !missing.includes(name));
const results: Result[] = [];
for (const name of values.scenario) {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const waiting = chosen.filter((contender) => scenario.suits?.(contender) ?? true);
  const playNext = async (): Promise<void> => {
    for (let contender = waiting.shift(); contender !== undefined; contender = waiting.shift()) {
      await playAndPrint(scenario, contender);
    }
  };
  await Promise.all(Array.from({ length: Number(values['at-once']) }, playNext));
}
if (values.json !== undefined) {
  const form = values.short ? SHORT : FULL;
  const rows = results.map(({ judgement: { sent, ok, unavoidable, lost }, ...rest }) => ({
    ...{ scenario: rest.scenario, contender: rest.contender, counts: rest.counts, complaints: rest.complaints },
    ...{ sent, ok, unavoidable, lost },
  }));
  const versions = ['haproxy', 'nginx']
    .filter((name) => !missing.includes(name))
    .map((name) => versionOf([name, '-v']));
  writeFileSync(values.json, JSON.stringify({ machine: describeMachine(), versions, form, rows }, null, 1));
}
const ours = results.filter(({ contender }) => contender.startsWith('equipoise'));
process.exit(ours.some((result) => faultsOf(result).length > 0) ? 1 : 0);

async function playAndPrint(scenario: (typeof scenarios)[number], contender: Contender): Promise<void> {
  const result = await play(scenario, contender, values.short ? SHORT : FULL);
  results.push(result);
  console.log(describeResult(result));
  for (const fault of faultsOf(result)) console.log(`    ${fault}`);
}
