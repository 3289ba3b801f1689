import { misbehave } from '../harness/phases.ts';
import type { Scenario } from '../harness/scenario.ts';

export const portRefuses: Scenario = {
  name: 'port-refuses',
  title: 'an endpoint’s port refuses; what is open ends in order',
  run: (stage) => misbehave(stage, 'refuse'),
};
