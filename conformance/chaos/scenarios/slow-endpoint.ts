import { misbehave } from '../harness/phases.ts';
import type { Scenario } from '../harness/scenario.ts';

export const slowEndpoint: Scenario = {
  name: 'slow-endpoint',
  title: 'an endpoint answers after 10 times the usual time',
  run: (stage) => misbehave(stage, 'slow'),
};
