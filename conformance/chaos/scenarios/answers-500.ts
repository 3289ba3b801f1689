import { misbehave } from '../harness/phases.ts';
import type { Scenario } from '../harness/scenario.ts';

export const answers500: Scenario = {
  name: 'answers-500',
  title: 'an endpoint answers 500, while its health check is well',
  excuse: 'a POST was with it',
  run: (stage) => misbehave(stage, 'status-500'),
};
