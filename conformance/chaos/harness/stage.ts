import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../harness/sockets.ts';
import { NOTICE_MS, type Setting } from './configurations.ts';
import type { Contender } from './contenders.ts';
import { expectEmpty } from './crowd.ts';
import { type Disruption, type Judgement, judge, type Note } from './judge.ts';
import { startLoad } from './load.ts';
import { type Origin, startOrigin } from './origin.ts';
import type { Scenario, Stage } from './scenario.ts';
import { type Wire, watchWire } from './wire.ts';

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
export const FULL: Form = { rate: 300, turns: 3, phaseMs: 1500, scale: 1 };

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

/** A balancer with endpoints of its own, under load. */
export interface OpenStage {
  readonly stage: Stage;
  /** Judges what became of the load, which must have stopped. */
  judge(): Verdict;
  /** Ends every process. */
  close(): Promise<void>;
}

export interface Verdict {
  readonly judgement: Judgement;
  readonly complaints: readonly string[];
  readonly hasWitness: boolean;
}

/** Plays a scenario on a balancer with endpoints of its own, and judges what became of the load. */
export async function play(scenario: Scenario, contender: Contender, form: Form): Promise<Result> {
  const counts: Record<string, number> = {};
  const open = await openStage(scenario, contender, form, (name, value) => {
    counts[name] = (counts[name] ?? 0) + value;
  });
  try {
    const wrong = await perform(scenario, open.stage);
    await sleep(CALM_MS);
    const { judgement, complaints, hasWitness } = open.judge();
    return {
      ...{ scenario: scenario.name, contender: contender.name, judgement, counts, hasWitness },
      complaints: [...wrong, ...complaints, ...unexcused(scenario, judgement)],
      stallMs: Math.round(open.stage.load.stallMs),
    };
  } finally {
    await open.close();
  }
}

function unexcused({ excuse }: Scenario, { unavoidable }: Judgement): string[] {
  return excuse === undefined && unavoidable > 0 ? [`${unavoidable} failed where nothing excuses it`] : [];
}

type Surroundings = Pick<Scenario, 'origins' | 'endpoints' | 'setting' | 'prepare' | 'openFiles'>;

/** Starts endpoints, balancer and load. */
export async function openStage(
  surroundings: Surroundings,
  contender: Contender,
  form: Form,
  count: Stage['count'],
): Promise<OpenStage> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  const closing: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const each of closing.splice(0).reverse()) await each();
  };
  try {
    return { ...(await openIn(directory, surroundings, contender, form, count, closing)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openIn(
  directory: string,
  surroundings: Surroundings,
  contender: Contender,
  form: Form,
  count: Stage['count'],
  closing: (() => unknown)[],
): Promise<Omit<OpenStage, 'close'>> {
  const names = Array.from({ length: surroundings.origins ?? 3 }, (_, index) => `origin${index}`);
  const origins = await Promise.all(names.map((name) => startOrigin(directory, name)));
  for (const origin of origins) closing.push(() => origin.stop());
  const ports = origins.map(({ port }) => port);
  const wire = watchWire(ports);
  closing.push(() => wire?.close());
  const { setting: prepared, environment } = surroundings.prepare?.(directory) ?? {};
  const endpoints = ports.slice(0, surroundings.endpoints ?? ports.length);
  const setting: Setting = { directory, endpoints, ...surroundings.setting, ...prepared };
  const { openFiles } = surroundings;
  const balancer = await contender.start(setting, {
    ...(openFiles !== undefined && { openFiles }),
    ...(environment && { environment }),
  });
  closing.push(() => balancer.stop());
  const load = await startLoad({ port: balancer.port, rate: form.rate, connections: CONNECTIONS });
  const disruptions: Disruption[] = [];
  const disrupted = (disruption: Disruption): void => void disruptions.push(disruption);
  const stage: Stage = { contender, balancer, setting, origins, load, ...form, disrupted, count };
  return { stage, judge: () => verdictOn(stage, wire, disruptions) };
}

function verdictOn({ load, origins }: Stage, wire: Wire | undefined, disruptions: readonly Disruption[]): Verdict {
  const complaints: string[] = [];
  const hasWitness = wire?.dropped() === 0;
  wire?.close();
  const judgement = judge({
    requests: load.records,
    notes: notesOf(origins, complaints),
    outages: new Map(origins.map(({ port, outages }) => [port, outages])),
    sentTo: hasWitness ? wire?.seen : undefined,
    noticeMs: NOTICE_MS,
    disruptions,
  });
  return { judgement, complaints, hasWitness };
}

async function perform(scenario: Scenario, stage: Stage): Promise<string[]> {
  const complaints: string[] = [];
  const attempt = async (step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      complaints.push(error instanceof Error ? error.message : String(error));
    }
  };
  await sleep(WARM_MS);
  await attempt(() => scenario.run(stage));
  await sleep(CALM_MS);
  await stage.load.stop();
  // Its own numbers must say so, whatever it went through.
  await attempt(() => expectEmpty(stage.balancer));
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
