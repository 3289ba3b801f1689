import { CONTENT_TYPE } from '../telemetry/prometheus.ts';
import { json } from './answer.ts';
import { JSON_TYPES } from './body.ts';
import { configOperations } from './config-operations.ts';
import { eventOperations } from './event-operations.ts';
import { explainOperations } from './explain-operation.ts';
import { metricsPage } from './metrics-page.ts';
import { describeApi } from './openapi.ts';
import type { Operation } from './operation.ts';
import { overviewOperation } from './overview.ts';
import { poolOperations } from './pool-operations.ts';

const pages: readonly Operation[] = [
  {
    method: 'GET',
    path: '/metrics',
    scope: 'read',
    summary: 'Metrics for Prometheus',
    gives: { status: 200, types: [CONTENT_TYPE], description: 'In its text format.' },
    problems: [],
    async run({ deps, meters }) {
      return { status: 200, type: CONTENT_TYPE, body: await metricsPage(deps, meters) };
    },
  },
  {
    method: 'GET',
    path: '/openapi.json',
    scope: 'read',
    early: true,
    summary: 'This description',
    gives: { status: 200, types: JSON_TYPES, description: 'OpenAPI 3.1.' },
    problems: [],
    run: ({ deps }) => json(200, describeApi(operations, deps.build.version)),
  },
];

/** Everything that the admin server does beside the probes. */
export const operations: readonly Operation[] = [
  overviewOperation,
  ...poolOperations,
  ...configOperations,
  ...eventOperations,
  ...explainOperations,
  ...pages,
];
