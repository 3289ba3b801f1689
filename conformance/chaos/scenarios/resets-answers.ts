import { misbehave } from '../harness/phases.ts';
import type { Scenario } from '../harness/scenario.ts';

export const resetsAnswers: Scenario = {
  name: 'resets-answers',
  title: 'an endpoint resets connections behind the head of its answer',
  excuse: 'the client had bytes of the answer, or a POST was with it',
  run: (stage) => misbehave(stage, 'reset-answer'),
};
