import { misbehave } from '../harness/phases.ts';
import type { Scenario } from '../harness/scenario.ts';

export const resetsRequests: Scenario = {
  name: 'resets-requests',
  title: 'an endpoint resets connections once a request’s head is there',
  excuse: 'a POST was with it',
  run: (stage) => misbehave(stage, 'reset-request'),
};
