import type { Scenario } from './harness/scenario.ts';
import { allDown } from './scenarios/all-down.ts';
import { answers500 } from './scenarios/answers-500.ts';
import { clientDisconnects } from './scenarios/client-disconnects.ts';
import { clockJumps } from './scenarios/clock-jumps.ts';
import { closesMidBody } from './scenarios/closes-mid-body.ts';
import { descriptorsExhausted } from './scenarios/descriptors-exhausted.ts';
import { drains } from './scenarios/drains.ts';
import { endpointFrozen } from './scenarios/endpoint-frozen.ts';
import { endpointKilled } from './scenarios/endpoint-killed.ts';
import { endpointsSwapped } from './scenarios/endpoints-swapped.ts';
import { flapping } from './scenarios/flapping.ts';
import { idleConnections } from './scenarios/idle-connections.ts';
import { manySlowReaders } from './scenarios/many-slow-readers.ts';
import { portRefuses } from './scenarios/port-refuses.ts';
import { reloads } from './scenarios/reloads.ts';
import { resetsAnswers } from './scenarios/resets-answers.ts';
import { resetsBeforeAccept } from './scenarios/resets-before-accept.ts';
import { resetsRequests } from './scenarios/resets-requests.ts';
import { sendsGarbage } from './scenarios/sends-garbage.ts';
import { slowEndpoint } from './scenarios/slow-endpoint.ts';
import { slowReaders } from './scenarios/slow-readers.ts';
import { workerKilled } from './scenarios/worker-killed.ts';

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
  clientDisconnects,
  resetsBeforeAccept,
  slowReaders,
  manySlowReaders,
  idleConnections,
  descriptorsExhausted,
  workerKilled,
  endpointsSwapped,
  reloads,
  drains,
  clockJumps,
];
