import { expect, test } from 'vitest';
import type { EndpointExplanation, PickExplanation } from '../../../control/picker/explanation.ts';
import { createPickRequest } from '../../../core/kernel/policy.ts';
import type { LiveRequestExplanation } from '../../explanation.ts';
import { LiveExplanation } from './live-explanation.ts';
import type { RequestHead } from './request-head.ts';
import type { TryRecord } from './request-record.ts';

const endpointOf = (id: string): EndpointExplanation => ({
  ...{ id, eligible: true, reasons: [], backup: false, weight: 1, effectiveWeight: 1, inFlight: 0 },
  policy: { 'latency in ms': 12.345, score: 0.001 },
});

function pickOf(count: number, endpoint?: string): PickExplanation {
  const endpoints = Array.from({ length: count }, (_, at) => endpointOf(`e${at}`));
  return endpoint === undefined ? { none: 'none-eligible', notes: [], endpoints } : { endpoint, notes: [], endpoints };
}

const tryOf = (endpoint: string, given: Partial<TryRecord> = {}): TryRecord =>
  ({
    ...{ pool: 'main', endpoint, isHedge: false, firstByteMs: -1, startedMs: 10, endedMs: -1 },
    status: 0,
    failure: null,
    ...given,
  }) as TryRecord;

function explain(steps: readonly (readonly [PickExplanation, TryRecord?])[], listener = 'web') {
  const explanation = new LiveExplanation(listener, { allows: () => true, worker: 1 }, '10.0.0.1');
  const tries: TryRecord[] = [];
  for (const [pick, each] of steps) {
    explanation.picking('main', pick, { ...createPickRequest(), key: 'ä', cost: 2 });
    if (each !== undefined) {
      explanation.began(each);
      tries.push(each);
    }
  }
  const line = explanation.line(tries, 'abc');
  expect(line).toMatch(/^X-Equipoise-Explain: [\x20-\x7e]+\r\n$/);
  const json = line.slice('X-Equipoise-Explain: '.length, -2);
  expect(json.length).toBeLessThanOrEqual(3072);
  return JSON.parse(json) as LiveRequestExplanation;
}

test('says who answers by which pick, and who was tried before', () => {
  const failed = tryOf('e0', { endedMs: 12.5, failure: 'connect' });
  const answering = tryOf('e1', { status: 200, firstByteMs: 3 });
  expect(
    explain([
      [pickOf(2, 'e0'), failed],
      [pickOf(2, 'e1'), answering],
    ]),
  ).toMatchObject({
    ...{ listener: 'web', worker: 1, traceId: 'abc', clientIp: '10.0.0.1', pool: 'main', key: 'ä', cost: 2 },
    pick: { endpoint: 'e1', endpoints: [{ id: 'e0' }, { id: 'e1' }] },
    tries: [
      { endpoint: 'e0', failure: 'connect', ms: 2.5 },
      { endpoint: 'e1', status: 200, ms: 3 },
    ],
  });
});

test('of two at a time it is the one that answers', () => {
  const first = tryOf('e0', { endedMs: 20, failure: 'cancelled' });
  const hedge = tryOf('e1', { isHedge: true, status: 200, firstByteMs: 3 });
  const explained = explain([
    [pickOf(2, 'e0'), first],
    [pickOf(2, 'e1'), hedge],
  ]);
  expect([explained.pick?.endpoint, explained.tries[1]]).toEqual([
    'e1',
    { endpoint: 'e1', status: 200, ms: 3, hedge: true },
  ]);
});

test('an answer that was thrown away for another try is not the one that is told', () => {
  const refused = tryOf('e0', { endedMs: 12, status: 503, firstByteMs: 2 });
  const answering = tryOf('e1', { status: 200, firstByteMs: 3 });
  expect(
    explain([
      [pickOf(2, 'e0'), refused],
      [pickOf(2, 'e1'), answering],
    ]).pick?.endpoint,
  ).toBe('e1');
});

test('says why nobody was left', () => {
  const failed = tryOf('e0', { endedMs: 12, failure: 'connect' });
  expect(explain([[pickOf(1, 'e0'), failed], [pickOf(1)]]).pick).toMatchObject({ none: 'none-eligible' });
  expect(explain([[pickOf(1)]])).toMatchObject({ pick: { none: 'none-eligible' }, tries: [] });
});

test('of a pool without endpoints every route is told, and why nobody was left', () => {
  const explanation = new LiveExplanation('web', { allows: () => true }, '10.0.0.1');
  const head = { host: 'a.example', path: '/x', method: 'GET' } as RequestHead;
  const routes = [{ match: { path: ['/a'] }, pool: 'a' }, { match: { host: ['b'] }, pool: 'a' }, { pool: 'empty' }];
  explanation.routed(head, routes, 2);
  explanation.picking('empty', { none: 'no-endpoints', notes: [], endpoints: [] }, createPickRequest());
  const line = explanation.line([], undefined);
  expect(JSON.parse(line.slice(line.indexOf('{')))).toEqual({
    ...{ listener: 'web', listenerReason: 'the request came there', clientIp: '10.0.0.1', pool: 'empty', route: 2 },
    routes: [
      expect.objectContaining({ index: 0, matches: false, failed: [expect.objectContaining({ condition: 'path' })] }),
      expect.objectContaining({ index: 1, matches: false, failed: [expect.objectContaining({ condition: 'host' })] }),
      expect.objectContaining({ index: 2, matches: true, failed: [] }),
    ],
    ...{ cost: 1, pick: { none: 'no-endpoints', notes: [], endpoints: [] }, tries: [] },
  });
});

test('where there is no room the endpoints give way before the routes', () => {
  const explanation = new LiveExplanation('web', { allows: () => true }, '10.0.0.1');
  const head = { host: 'a.example', path: '/x', method: 'GET' } as RequestHead;
  const routes = Array.from({ length: 20 }, (_, at) => ({ match: { path: [`/${at}`] }, pool: 'main' }));
  explanation.routed(head, [...routes, { pool: 'main' }], 20);
  explanation.picking('main', pickOf(30), createPickRequest());
  const line = explanation.line([], undefined);
  expect(line.length).toBeLessThan(3100);
  const explained = JSON.parse(line.slice(line.indexOf('{'))) as LiveRequestExplanation;
  expect([explained.routes.length, explained.omitted! + explained.pick!.endpoints.length]).toEqual([21, 30]);
});

test('a pick that a policy with a memory made otherwise than its dry run is told as it was made', () => {
  expect(explain([[pickOf(2, 'e0'), tryOf('e1', { status: 200 })]]).pick?.endpoint).toBe('e1');
});

test('leaves out endpoints where there is no room, but none that was tried', () => {
  const { pick, omitted } = explain([[pickOf(1000, 'e777'), tryOf('e777', { status: 200 })]]);
  const ids = pick!.endpoints.map(({ id }) => id);
  expect(ids).toContain('e777');
  expect(ids.length + omitted!).toBe(1000);
  expect(ids.length).toBeGreaterThan(5);
});

test('whatever is long, it fits', () => {
  const id = 'e'.repeat(2000);
  const explained = explain([[pickOf(3, id), tryOf(id, { status: 200 })]]);
  expect(explained).toMatchObject({ listener: 'web' });
  expect(explain([[pickOf(3, 'x'.repeat(9000)), tryOf('x'.repeat(9000))]])).toEqual({ omitted: 1 });
});
