import { parseConfig } from '../../config/load.ts';
import { isHealth, notHealth } from '../health-option.ts';
import { type AnswerName, type Answers, targetsOf } from './answers.ts';
import { template } from './template.ts';

/** Finished text, or what is wrong with one answer. */
export type Drafted =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly answer: AnswerName; readonly reason: string };

/** Which answer stands where in the file; the last ones are what a clash of several is blamed on. */
const places: readonly (readonly [start: string, answer: AnswerName])[] = [
  ['listeners.web.protocol', 'protocol'],
  ['listeners', 'listen'],
  ['pools.app.policy', 'policy'],
  ['pools.app.health', 'health'],
  ['pools', 'targets'],
  ['admin', 'admin'],
];

/** Writes the configuration and reads it as `check` does: what it says is wrong is told of the answer it comes from. */
export function draft(answers: Answers): Drafted {
  const empty = Object.entries(answers).find(([, value]) => value.trim() === '');
  if (empty !== undefined) return { ok: false, answer: empty[0] as AnswerName, reason: 'it is empty' };
  if (targetsOf(answers.targets).length === 0) return { ok: false, answer: 'targets', reason: 'there are none' };
  const { health } = answers;
  if (!isHealth(health)) return { ok: false, answer: 'health', reason: notHealth(health) };
  const text = template(answers);
  const result = parseConfig(text, { file: 'equipoise.yaml', env: {} });
  const [problem] = result.ok ? result.warnings : result.problems;
  if (problem === undefined) return { ok: true, text };
  const answer = places.find(([start]) => problem.path.startsWith(start))?.[1] ?? 'targets';
  return {
    ok: false,
    answer,
    reason: problem.fix === undefined ? problem.message : `${problem.message}; ${problem.fix}`,
  };
}
