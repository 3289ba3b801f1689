import { misbehave } from '../harness/phases.ts';
import type { Scenario } from '../harness/scenario.ts';

export const closesMidBody: Scenario = {
  name: 'closes-mid-body',
  title: 'an endpoint closes connections in the middle of its answers',
  excuse: 'the client had bytes of the answer, or a POST was with it',
  run: (stage) => misbehave(stage, 'close-body'),
};
