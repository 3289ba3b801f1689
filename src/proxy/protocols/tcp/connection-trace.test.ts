import { expect, test } from 'vitest';
import { type ConnectionRecord, createConnectionRecord, type End } from '../../../telemetry/access-log/record.ts';
import { connectionSpan } from './connection-trace.ts';

function spanOf(given: Partial<ConnectionRecord>) {
  const record = { ...createConnectionRecord('10.0.0.9', 4711, 'db'), traceId: 't', spanId: 's', ...given };
  const { attributes, ...span } = connectionSpan(record, 'mysql', 1000, 1007.5);
  return { ...span, has: Object.fromEntries(attributes) as Record<string, unknown> };
}

test('a connection is a span that begins its trace', () => {
  expect(spanOf({ endpoint: 'e1', bytesIn: 5, bytesOut: 7, retries: 1 })).toEqual({
    ...{ traceId: 't', spanId: 's', parentId: '', traceState: '', isRemote: false, kind: 2, name: 'tcp mysql' },
    ...{ startedAt: 1000, endedAt: 1007.5, isError: false },
    has: {
      ...{ 'network.transport': 'tcp', 'client.address': '10.0.0.9', 'client.port': 4711 },
      ...{ 'equipoise.listener': 'mysql', 'equipoise.pool': 'db', 'equipoise.endpoint': 'e1', 'equipoise.retries': 1 },
      ...{ 'equipoise.bytes_in': 5, 'equipoise.bytes_out': 7, 'equipoise.end': 'complete' },
    },
  });
});

test('what there is none of is left out, but for bytes', () => {
  expect(spanOf({ clientIp: '', clientPort: 0 }).has).toEqual({
    ...{ 'network.transport': 'unix', 'equipoise.listener': 'mysql', 'equipoise.pool': 'db' },
    ...{ 'equipoise.bytes_in': 0, 'equipoise.bytes_out': 0, 'equipoise.end': 'complete' },
  });
});

test.each<{ end: End; error?: string; isError: boolean }>([
  { end: 'complete', isError: false },
  { end: 'idle', isError: false },
  { end: 'evicted', isError: false },
  { end: 'client-gone', error: 'client-gone', isError: false },
  { end: 'no-endpoint', error: 'no-endpoint', isError: true },
  { end: 'turned-away', error: 'turned-away', isError: true },
  { end: 'endpoint-failed', error: 'endpoint-failed', isError: true },
])('$end', ({ end, error, isError }) => {
  const span = spanOf({ end });
  expect([span.has['equipoise.end'], span.has['error.type'], span.isError]).toEqual([end, error, isError]);
});
