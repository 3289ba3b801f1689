import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { seededRng } from '../../core/testing/rng.ts';
import { createTransport } from '../../transport/detect.ts';
import { createResolver } from '../discovery/resolver.ts';
import { createSystemLookups } from '../discovery/system-lookups.ts';
import { createProbe } from '../health/registry.ts';
import { HealthConfig } from '../health/schema.ts';
import type { EndpointAddress } from '../pool-options.ts';
import { createMembership, type Membership, type MembershipEvent } from './membership.ts';
import { createScheduler } from './scheduler.ts';

const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A real server whose answers follow `status`. */
async function serve(port = 0): Promise<{ server: Server; port: number; status: number }> {
  const server = createServer((_request, response) => response.writeHead(served.status).end('ok'));
  const served = { server, port, status: 200 };
  open.push(server);
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  served.port = (server.address() as AddressInfo).port;
  return served;
}

/** A membership of one endpoint with real timers, names and probes; `next` waits for its next health event. */
function follow(
  address: EndpointAddress,
  health: object,
): { membership: Membership; next(): Promise<MembershipEvent> } {
  const scheduler = createScheduler();
  const resolver = createResolver({ scheduler, lookups: createSystemLookups() });
  const events: MembershipEvent[] = [];
  let wake = (): void => {};
  const endpoint = { id: 'a', address, weight: 1, backup: false, mode: 'ready' } as const;
  const options = HealthConfig.parse(health);
  const transport = createTransport({ onHandlerError: (error) => Promise.reject(error) });
  const membership = createMembership({
    pool: 'api',
    endpoints: [endpoint],
    checks: { options, probe: createProbe(options, { scheduler, transport }), scheduler },
    clock: { now: () => performance.now() },
    rng: seededRng(1),
    resolver,
    onEvent(event) {
      if (event.what === 'health') events.push(event);
      wake();
    },
  });
  open.push(membership, resolver);
  async function next(): Promise<MembershipEvent> {
    while (events.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return events.shift()!;
  }
  return { membership, next };
}

describe('a membership of real servers', () => {
  test('an http endpoint fails, is refused, and comes back', async () => {
    const served = await serve();
    const health = { type: 'http', path: '/health', interval: '10ms', rise: 2, fall: 2 };
    const { membership, next } = follow({ kind: 'loopback', port: served.port }, health);
    expect(await next()).toMatchObject({ to: 'up', reason: 'status 200' });
    served.status = 500;
    expect(await next()).toMatchObject({ to: 'down', reason: 'status 500, expected 200–399' });
    served.status = 204;
    expect(await next()).toMatchObject({ to: 'up', reason: 'status 204' });
    served.server.close();
    served.server.closeAllConnections();
    expect(await next()).toMatchObject({ to: 'down', reason: 'connect refused' });
    expect(membership.endpoints()[0]).toMatchObject({ eligible: false, lastCheck: { ok: false } });
    await serve(served.port);
    expect(await next()).toMatchObject({ to: 'up', reason: 'status 200' });
  });

  test('a name of the hosts file is resolved, then checked', async () => {
    const { port } = await serve();
    const { membership, next } = follow({ kind: 'tcp', host: 'localhost', port }, { type: 'tcp', interval: '10ms' });
    await membership.settled;
    expect(await next()).toMatchObject({ from: 'unknown', to: 'up', reason: 'connected' });
  });
});
