/**
 * One balancer under load, through every fault in turn, again and again: what it holds at the end must be what it held
 * at the beginning.
 *
 * Run     npm run soak -- [--minutes N] [--transport bun|node] [--workers N] [--rate N]
 * Result  a line a round; exit code 1 when requests were lost, or when something has grown.
 */
import { parseArgs } from 'node:util';
import { sleep } from '../harness/sockets.ts';
import { equipoise } from './harness/contenders.ts';
import { expectEmpty } from './harness/crowd.ts';
import { growthOf, type Holdings, holdingsOf } from './harness/holdings.ts';
import { faultsOf } from './harness/printing.ts';
import type { Scenario, Stage } from './harness/scenario.ts';
import { type Form, openStage } from './harness/stage.ts';
import { allDown } from './scenarios/all-down.ts';
import { clientDisconnects } from './scenarios/client-disconnects.ts';
import { closesMidBody } from './scenarios/closes-mid-body.ts';
import { drains } from './scenarios/drains.ts';
import { endpointKilled } from './scenarios/endpoint-killed.ts';
import { endpointsSwapped } from './scenarios/endpoints-swapped.ts';
import { flapping } from './scenarios/flapping.ts';
import { idleConnections } from './scenarios/idle-connections.ts';
import { manySlowReaders } from './scenarios/many-slow-readers.ts';
import { portRefuses } from './scenarios/port-refuses.ts';
import { reloads } from './scenarios/reloads.ts';
import { resetsAnswers } from './scenarios/resets-answers.ts';
import { resetsRequests } from './scenarios/resets-requests.ts';
import { sendsGarbage } from './scenarios/sends-garbage.ts';
import { slowEndpoint } from './scenarios/slow-endpoint.ts';

/** A round. Each leaves every endpoint well, and the same ones configured. */
const ROUND: readonly Scenario[] = [
  ...[endpointKilled, flapping, resetsRequests, resetsAnswers, closesMidBody, sendsGarbage, slowEndpoint],
  ...[portRefuses, allDown, endpointsSwapped, drains, reloads, clientDisconnects, idleConnections, manySlowReaders],
];
const ENDPOINTS = 3;
/** Two turns of a swap lead back to where it began. */
const TURNS = 2;
const PHASE_MS = 500;
const SCALE = 0.1;

// What was started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    transport: { type: 'string', default: 'bun' },
    workers: { type: 'string', default: '1' },
    rate: { type: 'string', default: '200' },
  },
});
const transport = values.transport === 'node' ? 'node' : 'bun';
const contender = equipoise(transport, Number(values.workers));
const form: Form = { rate: Number(values.rate), turns: TURNS, phaseMs: PHASE_MS, scale: SCALE };
const surroundings = { origins: 2 * ENDPOINTS, endpoints: ENDPOINTS };
const open = await openStage(surroundings, contender, form, () => {});
let complaints: string[] = [];
try {
  await Promise.all(open.stage.origins.slice(ENDPOINTS).map((origin) => origin.kill()));
  complaints = await soak(open.stage, performance.now() + Number(values.minutes) * 60_000);
  await open.stage.load.stop();
  await expectEmpty(open.stage.balancer);
  const verdict = open.judge();
  const { sent, ok, unavoidable, lost } = verdict.judgement;
  console.log(`soak ${contender.name}: sent=${sent} ok=${ok} unavoidable=${unavoidable} lost=${lost}`);
  complaints.push(...faultsOf(verdict));
} finally {
  await open.close();
}
for (const each of complaints) console.log(`    ${each}`);
process.exit(complaints.length === 0 ? 0 : 1);

/** Endpoints that are not configured run only here: elsewhere they would be an excuse for nobody. */
async function withSpares({ origins }: Stage, run: () => Promise<void>): Promise<void> {
  const spares = origins.slice(ENDPOINTS);
  await Promise.all(spares.map((origin) => origin.restart()));
  await run();
  await Promise.all(spares.map((origin) => origin.kill()));
}

/** Rounds until the time is over, three at least; what has grown. */
async function soak(stage: Stage, endMs: number): Promise<string[]> {
  const rounds: Holdings[] = [];
  while (rounds.length < 3 || performance.now() < endMs) {
    for (const scenario of ROUND) {
      if (scenario === endpointsSwapped) await withSpares(stage, () => scenario.run(stage));
      else await scenario.run({ ...stage, origins: stage.origins.slice(0, ENDPOINTS) });
    }
    await sleep(PHASE_MS);
    const holdings = await holdingsOf(stage.balancer, stage.load);
    rounds.push(holdings);
    const numbers = Object.entries(holdings).map(([name, value]) => `${name}=${value}`);
    console.log(`round ${rounds.length}: sent=${stage.load.sent} ${numbers.join(' ')}`);
  }
  return growthOf(rounds);
}
