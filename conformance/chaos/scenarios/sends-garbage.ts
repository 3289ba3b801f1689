import { misbehave } from '../harness/phases.ts';
import type { Scenario } from '../harness/scenario.ts';

export const sendsGarbage: Scenario = {
  name: 'sends-garbage',
  title: 'an endpoint sends garbage',
  excuse: 'a POST was with it',
  run: (stage) => misbehave(stage, 'garbage'),
};
