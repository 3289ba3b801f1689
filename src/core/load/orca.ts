/**
 * Reads an endpoint's load report: ORCA, as the field `endpoint-load-metrics` of an answer carries it.
 *
 * `TEXT cpu_utilization=0.3, named_metrics.in_flight=7` (also without the word, and with `:` for `=`),
 * `JSON {"cpu_utilization": 0.3, "named_metrics": {"in_flight": 7}}`, or `BIN <base64 of the protobuf message>`; the field
 * `endpoint-load-metrics-bin` carries the last without its word (`readOrcaBinary`).
 *
 * What is kept: `application_utilization`, else `cpu_utilization`; `rps_fractional`; `eps`; and of the named metrics
 * `in_flight` and `latency_ms`, which ORCA leaves to the application. Other names are skipped. An endpoint that sends rubbish
 * for one of these is not believed about the others: the whole report is refused.
 *
 * Source  xds.data.orca.v3.OrcaLoadReport; envoyproxy/envoy, source/common/orca/orca_parser.cc.
 * Cost    O(length); `TEXT` allocates a few short strings.
 * Errors  false for a report that is refused or says nothing of use; every number is −1 then. Never throws.
 */
import type { LoadReport } from '../kernel/load-report.ts';
import { readOrcaMessage } from './orca-message.ts';

/** Longer reports are refused: one that says everything that is kept has about 200 characters. */
const MOST_CHARACTERS = 4096;

/** Greater numbers are refused; sums and products of smaller ones stay far from infinity. */
const GREATEST = 1e12;

const NUMBER = /^\d{1,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?$/i;

/** The metrics that are kept; their place here is their place in `values`. */
const names = [
  'application_utilization',
  'cpu_utilization',
  'rps_fractional',
  'eps',
  'named_metrics.in_flight',
  'named_metrics.latency_ms',
];

/** What the report that is being read said so far, −1 where nothing. Reading is synchronous, so one is enough. */
const values = new Float64Array(6);

/** A report that says nothing. */
export function createLoadReport(): LoadReport {
  return { utilization: -1, inFlight: -1, latencyMs: -1, requestsPerSecond: -1, errorsPerSecond: -1 };
}

/** Reads the value of `endpoint-load-metrics` into `report`, which the caller owns and may use again. */
export function readOrca(value: string, report: LoadReport): boolean {
  if (value.startsWith('BIN ')) return readOrcaBinary(value.slice(4), report);
  values.fill(-1);
  if (value.length > MOST_CHARACTERS) return finish(false, report);
  if (value.startsWith('JSON ')) return finish(readJson(value.slice(5)), report);
  return finish(readText(value, value.startsWith('TEXT ') ? 5 : 0), report);
}

/** Reads the value of `endpoint-load-metrics-bin`. */
export function readOrcaBinary(base64: string, report: LoadReport): boolean {
  values.fill(-1);
  return finish(base64.length <= MOST_CHARACTERS && readOrcaMessage(base64, put), report);
}

function readText(text: string, start: number): boolean {
  for (let at = start; at < text.length; ) {
    const comma = text.indexOf(',', at);
    const end = comma < 0 ? text.length : comma;
    if (!readPair(text.slice(at, end))) return false;
    at = end + 1;
  }
  return true;
}

function readPair(pair: string): boolean {
  const sign = pair.search(/[=:]/);
  return sign > 0 && put(pair.slice(0, sign).trim(), pair.slice(sign + 1).trim());
}

function readJson(text: string): boolean {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return false;
  }
  return isMapping(message) && Object.entries(message).every(([key, value]) => readMember(snakeCase(key), value));
}

function readMember(name: string, value: unknown): boolean {
  if (name !== 'named_metrics') return put(name, value);
  return isMapping(value) && Object.entries(value).every(([metric, number]) => put(`${name}.${metric}`, number));
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON form of protobuf writes `cpuUtilization` or `cpu_utilization`. */
function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** False when a metric that is kept cannot mean this number, or was given before. */
function put(name: string, value: unknown): boolean {
  const place = names.indexOf(name);
  if (place < 0) return true;
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= 0 && number <= GREATEST) || values[place] !== -1) return false;
  values[place] = number;
  return true;
}

function finish(read: boolean, report: LoadReport): boolean {
  if (!read) values.fill(-1);
  const [application, cpu, requests, errors, inFlight, latency] = values as unknown as readonly number[];
  // Writers of the protobuf message cannot leave a number out: there, 0 means that the application says nothing.
  report.utilization = application! > 0 || cpu! < 0 ? application! : cpu!;
  report.requestsPerSecond = requests!;
  report.errorsPerSecond = errors!;
  report.inFlight = inFlight!;
  report.latencyMs = latency!;
  return values.some((each) => each >= 0);
}
