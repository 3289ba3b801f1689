import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../harness/sockets.ts';
import { NOTICE_MS, type Setting } from './configurations.ts';
import type { Contender } from './contenders.ts';
import { type Disruption, type Judgement, judge, type Note } from './judge.ts';
import { startLoad } from './load.ts';
import { type Origin, startOrigin } from './origin.ts';
import type { Scenario, Stage } from './scenario.ts';
import { watchWire } from './wire.ts';

/** How much of a scenario is done. */
export interface Form {
  readonly rate: number;
  readonly turns: number;
  readonly phaseMs: number;
  readonly scale: number;
}

/** A few seconds a scenario, for every commit. */
export const SHORT: Form = { rate: 150, turns: 1, phaseMs: 1000, scale: 0.1 };
/** What the table is made of. */
export const FULL: Form = { rate: 400, turns: 5, phaseMs: 1500, scale: 1 };

export interface Result {
  readonly scenario: string;
  readonly contender: string;
  readonly judgement: Judgement;
  /** What the scenario counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** What went wrong beyond lost requests. Empty when all is well. */
  readonly complaints: readonly string[];
  readonly hasWitness: boolean;
  /** The longest time for which the load itself did not run. */
  readonly stallMs: number;
}

const CONNECTIONS = 32;
const WARM_MS = 500;
const CALM_MS = 500;

/** Plays a scenario on a balancer with endpoints of its own, and judges what became of the load. */
export async function play(scenario: Scenario, contender: Contender, form: Form): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  const closing: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  try {
    return await playIn(directory, scenario, contender, form, closing);
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function playIn(
  directory: string,
  scenario: Scenario,
  contender: Contender,
  form: Form,
  closing: (() => unknown)[],
): Promise<Result> {
  const names = Array.from({ length: scenario.origins ?? 3 }, (_, index) => `origin${index}`);
  const origins = await Promise.all(names.map((name) => startOrigin(directory, name)));
  for (const origin of origins) closing.push(() => origin.stop());
  const ports = origins.map(({ port }) => port);
  const wire = watchWire(ports);
  closing.push(() => wire?.close());
  const { setting: prepared, environment } = scenario.prepare?.(directory) ?? {};
  const endpoints = ports.slice(0, scenario.endpoints ?? ports.length);
  const setting: Setting = { directory, endpoints, ...scenario.setting, ...prepared };
  const { openFiles } = scenario;
  const balancer = await contender.start(setting, {
    ...(openFiles !== undefined && { openFiles }),
    ...(environment && { environment }),
  });
  closing.push(() => balancer.stop());
  const load = await startLoad({ port: balancer.port, rate: form.rate, connections: CONNECTIONS });
  const disruptions: Disruption[] = [];
  const counts: Record<string, number> = {};
  const stage: Stage = {
    ...{ contender, balancer, setting, origins, load, ...form },
    disrupted: (disruption) => void disruptions.push(disruption),
    count(name, value) {
      counts[name] = (counts[name] ?? 0) + value;
    },
  };
  const complaints = await perform(scenario, stage);
  await sleep(CALM_MS);
  const dropped = wire?.dropped() ?? 0;
  wire?.close();
  const judgement = judge({
    requests: load.records,
    notes: notesOf(origins, complaints),
    outages: new Map(origins.map(({ port, outages }) => [port, outages])),
    sentTo: dropped === 0 ? wire?.seen : undefined,
    noticeMs: NOTICE_MS,
    disruptions,
  });
  const hasWitness = wire !== undefined && dropped === 0;
  return {
    ...{ scenario: scenario.name, contender: contender.name, judgement, counts, complaints, hasWitness },
    stallMs: Math.round(load.stallMs),
  };
}

async function perform(scenario: Scenario, stage: Stage): Promise<string[]> {
  const complaints: string[] = [];
  const attempt = async (step: (() => Promise<void> | undefined) | undefined): Promise<void> => {
    try {
      await step?.();
    } catch (error) {
      complaints.push(error instanceof Error ? error.message : String(error));
    }
  };
  await sleep(WARM_MS);
  await attempt(() => scenario.run(stage));
  await sleep(CALM_MS);
  await stage.load.stop();
  await attempt(() => scenario.after?.(stage));
  return complaints;
}

/** By request; what is no request's goes to the complaints. */
function notesOf(origins: readonly Origin[], complaints: string[]): Map<number, Note[]> {
  const notes = new Map<number, Note[]>();
  for (const origin of origins) {
    for (const { what, id } of origin.notes()) {
      if (what === 'violation') complaints.push(`an endpoint was sent: ${decodeURIComponent(id)}`);
      else notes.set(Number(id), [...(notes.get(Number(id)) ?? []), { port: origin.port, what }]);
    }
  }
  return notes;
}
