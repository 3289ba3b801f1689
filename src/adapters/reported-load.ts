import type { LoadReport } from '../core/kernel/load-report.ts';
import { createLoadReport, readOrca } from '../core/load/orca.ts';

/** The field in which an endpoint says its own load with an answer (ORCA). */
export const LOAD_FIELD = 'endpoint-load-metrics';

/** What the field's value says; undefined when it is absent or says nothing of use. */
export function readReportedLoad(value: unknown): LoadReport | undefined {
  if (typeof value !== 'string') return undefined;
  const report = createLoadReport();
  return readOrca(value, report) ? report : undefined;
}
