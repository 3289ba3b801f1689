import { expect, test } from 'vitest';
import { formatEvent } from './event-log.ts';
import type { ServerHappening } from './events.ts';

type What = 'health' | 'addresses' | 'membership' | 'mode' | 'role' | 'preservation' | 'primaries';
const change = (what: What, from: string, to: string): ServerHappening => ({
  kind: 'membership',
  pool: 'main',
  endpoint: 'a',
  what,
  from,
  to,
  reason: 'connect refused',
});

const guard = (
  endpoint: string,
  what: 'breaker' | 'ejection' | 'panic',
  from: string,
  to: string,
): ServerHappening => ({
  kind: 'guard',
  ...{ pool: 'main', endpoint, what, from, to, reason: 'why' },
});

test.each<{ event: ServerHappening; want: string | undefined }>([
  {
    event: { kind: 'overload', pool: 'app', what: 'queue', from: 'off', to: 'on', reason: '3 requests found it full' },
    want: 'warn pool app: overload (queue) is on (was off): 3 requests found it full',
  },
  {
    event: { kind: 'overload', listener: 'web', what: 'connections', from: 'on', to: 'off', reason: 'none for 10s' },
    want: 'info listener web: overload (connections) is off (was on): none for 10s',
  },
  {
    event: { kind: 'worker-stuck', worker: 1, silentMs: 10_050 },
    want: 'error worker 1 is stuck: its loop has not turned for 10s',
  },
  { event: change('health', 'up', 'down'), want: 'warn pool main: endpoint a is down (was up): connect refused' },
  { event: change('health', 'down', 'up'), want: 'info pool main: endpoint a is up (was down): connect refused' },
  {
    event: change('mode', 'ready', 'draining'),
    want: 'info pool main: endpoint a: mode is draining (was ready): connect refused',
  },
  {
    event: { ...change('primaries', '1', '2'), endpoint: '' } as ServerHappening,
    want: 'warn pool main: primaries: 2 (was 1): connect refused',
  },
  { event: change('addresses', '', ''), want: 'warn pool main: endpoint a connect refused' },
  {
    event: change('addresses', '10.0.0.1', ''),
    want: 'info pool main: endpoint a has the addresses none (had 10.0.0.1): connect refused',
  },
  {
    event: guard('a', 'breaker', 'closed', 'open'),
    want: 'warn pool main: endpoint a: breaker is open (was closed): why',
  },
  {
    event: guard('a', 'breaker', 'half-open', 'closed'),
    want: 'info pool main: endpoint a: breaker is closed (was half-open): why',
  },
  { event: guard('a', 'ejection', 'returned', 'ejected'), want: 'warn pool main: endpoint a is ejected: why' },
  {
    event: { kind: 'policy', pool: 'main', reason: 'the function threw' },
    want: 'error pool main: the function threw; least-connections decides instead',
  },
  { event: guard('', 'panic', 'off', 'on'), want: 'warn pool main: panic is on (was off): why' },
  {
    event: change('role', 'primary', 'replica'),
    want: 'info pool main: endpoint a: role is replica (was primary): connect refused',
  },
  { event: change('preservation', 'off', 'on'), want: 'warn pool main: preservation is on: connect refused' },
  { event: change('membership', 'absent', 'member'), want: undefined },
  {
    event: { kind: 'listening', listener: 'web', address: { kind: 'tcp', host: '::1', port: 80 } },
    want: 'info listener web: listening on [::1]:80',
  },
  {
    event: { kind: 'draining', connections: 1, timeoutMs: 500 },
    want: 'info draining: 1 connection open, at most 500ms',
  },
  { event: { kind: 'note', text: 'the demo: a slows down' }, want: 'info the demo: a slows down' },
  { event: { kind: 'drained', remaining: 0 }, want: 'info drained: every connection has ended' },
  { event: { kind: 'drained', remaining: 2 }, want: 'warn drained: 2 connections cut' },
  {
    event: { kind: 'exception', listener: 'web', error: 'a\n2026 info fake' },
    want: 'error listener web: a connection was ended by a | 2026 info fake',
  },
])('$want', ({ event, want }) => {
  const line = formatEvent({ at: 0, ...event });
  expect(line).toBe(want === undefined ? undefined : `1970-01-01T00:00:00.000Z ${want}\n`);
});
