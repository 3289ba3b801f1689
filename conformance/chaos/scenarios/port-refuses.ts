import { misbehave } from '../harness/phases.ts';
import type { Scenario } from '../harness/scenario.ts';

export const portRefuses: Scenario = {
  name: 'port-refuses',
  title: 'an endpoint’s port refuses; what is open ends in order',
  excuse: 'a POST crossed the end of its connection',
  run: (stage) => misbehave(stage, 'refuse'),
};
