import type { Scenario } from './harness/scenario.ts';
import { allDown } from './scenarios/all-down.ts';
import { answers500 } from './scenarios/answers-500.ts';
import { closesMidBody } from './scenarios/closes-mid-body.ts';
import { endpointFrozen } from './scenarios/endpoint-frozen.ts';
import { endpointKilled } from './scenarios/endpoint-killed.ts';
import { flapping } from './scenarios/flapping.ts';
import { portRefuses } from './scenarios/port-refuses.ts';
import { resetsAnswers } from './scenarios/resets-answers.ts';
import { resetsRequests } from './scenarios/resets-requests.ts';
import { sendsGarbage } from './scenarios/sends-garbage.ts';
import { slowEndpoint } from './scenarios/slow-endpoint.ts';

/** Every scenario, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  endpointKilled,
  endpointFrozen,
  resetsRequests,
  resetsAnswers,
  closesMidBody,
  slowEndpoint,
  answers500,
  sendsGarbage,
  flapping,
  portRefuses,
  allDown,
];
