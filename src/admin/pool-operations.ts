import type { z } from 'zod';
import { EndpointFile } from '../config/pool.ts';
import type { EndpointOptions } from '../control/pool-options.ts';
import { EquipoiseError } from '../core/kernel/errors.ts';
import type { RunningServer } from '../server/server.ts';
import { type Answer, json, problem } from './answer.ts';
import { JSON_TYPES, readJson } from './body.ts';
import { audit, type Call, noEndpoint, noPool, type Operation, serverOf } from './operation.ts';
import { describePools } from './pool-state.ts';
import { EndpointPatch, EndpointRemoved, EndpointState, PoolList, PoolState } from './wire.ts';

export const poolOperations: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/v1/pools',
    scope: 'read',
    summary: 'Every pool with its endpoints',
    gives: { status: 200, types: JSON_TYPES, schema: PoolList, description: 'All of them, in the order of the file.' },
    problems: [503],
    run: listPools,
  },
  {
    method: 'GET',
    path: '/api/v1/pools/{pool}',
    scope: 'read',
    summary: 'One pool with its endpoints',
    gives: { status: 200, types: JSON_TYPES, schema: PoolState, description: 'Its state now.' },
    problems: [404, 503],
    run: showPool,
  },
  {
    method: 'POST',
    path: '/api/v1/pools/{pool}/endpoints',
    scope: 'operate',
    summary: 'Add an endpoint',
    takes: { types: JSON_TYPES, schema: EndpointFile },
    gives: {
      status: 201,
      types: JSON_TYPES,
      schema: EndpointState,
      description: 'It is a member, in every worker; Location names it.',
    },
    problems: [400, 404, 409, 413, 415, 503],
    run: addEndpoint,
  },
  {
    method: 'PATCH',
    path: '/api/v1/pools/{pool}/endpoints/{id}',
    scope: 'operate',
    summary: 'Set the mode or the weight of an endpoint',
    takes: { types: JSON_TYPES, schema: EndpointPatch },
    gives: {
      status: 200,
      types: JSON_TYPES,
      schema: EndpointState,
      description: 'Applied by every worker; `inFlight` is what remains.',
    },
    problems: [400, 404, 409, 413, 415, 503],
    run: patchEndpoint,
  },
  {
    method: 'DELETE',
    path: '/api/v1/pools/{pool}/endpoints/{id}',
    scope: 'operate',
    summary: 'Remove an endpoint',
    gives: {
      status: 200,
      types: JSON_TYPES,
      schema: EndpointRemoved,
      description: 'No worker picks it any more; what is in flight may end within drainTimeout.',
    },
    problems: [404, 409, 503],
    run: removeEndpoint,
  },
];

async function listPools(call: Call): Promise<Answer> {
  const server = serverOf(call);
  if ('refusal' in server) return server.refusal;
  return json(200, { pools: await describePools(server, call.deps.now) });
}

async function showPool(call: Call): Promise<Answer> {
  const server = serverOf(call);
  if ('refusal' in server) return server.refusal;
  const name = call.parameters['pool']!;
  const [pool] = await describePools(server, call.deps.now, name);
  return pool === undefined ? noPool(server, name) : json(200, pool);
}

async function patchEndpoint(call: Call): Promise<Answer> {
  const server = serverOf(call, true);
  if ('refusal' in server) return server.refusal;
  const { pool, id } = endpointOf(call);
  const body = await readJson<z.output<typeof EndpointPatch>>(call.request, EndpointPatch);
  if ('refusal' in body) return body.refusal;
  const { mode, weight } = body.value;
  if (mode === undefined && weight === undefined) {
    return problem(400, 'nothing is to be changed', { fix: 'send {"mode": "draining"} or {"weight": 3}' });
  }
  const reason = 'set through the admin API';
  if (find(server, pool, id) === undefined) return noEndpoint(server, pool, id);
  if (mode !== undefined && !(await server.setMode(pool, id, mode, reason))) return noEndpoint(server, pool, id);
  if (weight !== undefined && !(await server.setWeight(pool, id, weight, reason))) return noEndpoint(server, pool, id);
  const set = [mode !== undefined && `mode ${mode}`, weight !== undefined && `weight ${weight}`].filter(Boolean);
  audit(call, `pool ${pool}: endpoint ${id}: ${set.join(', ')}`);
  return describeEndpoint(call, server, pool, id, 200);
}

async function addEndpoint(call: Call): Promise<Answer> {
  const server = serverOf(call, true);
  if ('refusal' in server) return server.refusal;
  const pool = call.parameters['pool']!;
  const body = await readJson<EndpointOptions>(call.request, EndpointFile);
  if ('refusal' in body) return body.refusal;
  const endpoint = body.value;
  const { id } = endpoint;
  if (!server.pools().some(({ name }) => name === pool)) return noPool(server, pool);
  if (find(server, pool, id) !== undefined) {
    const fix = 'change it by PATCH, remove it before, or choose another id';
    return problem(409, `pool ${pool} has an endpoint "${id}" already`, { fix });
  }
  try {
    await server.addEndpoint(pool, endpoint);
  } catch (error) {
    if (error instanceof EquipoiseError) return problem(409, `nothing was changed: ${error.message}`);
    throw error;
  }
  audit(call, `pool ${pool}: endpoint ${id} added`);
  const location = `/api/v1/pools/${encodeURIComponent(pool)}/endpoints/${encodeURIComponent(id)}`;
  return describeEndpoint(call, server, pool, id, 201, { location });
}

async function removeEndpoint(call: Call): Promise<Answer> {
  const server = serverOf(call, true);
  if ('refusal' in server) return server.refusal;
  const { pool, id } = endpointOf(call);
  const inFlight = find(server, pool, id)?.inFlight;
  if (inFlight === undefined || !(await server.removeEndpoint(pool, id))) return noEndpoint(server, pool, id);
  audit(call, `pool ${pool}: endpoint ${id} removed`);
  return json(200, { pool, id, inFlight });
}

const endpointOf = ({ parameters }: Call) => ({ pool: parameters['pool']!, id: parameters['id']! });

const find = (server: RunningServer, pool: string, id: string) =>
  server
    .pools()
    .find(({ name }) => name === pool)
    ?.endpoints.find((each) => each.id === id);

async function describeEndpoint(
  { deps }: Call,
  server: RunningServer,
  pool: string,
  id: string,
  status: number,
  headers?: Readonly<Record<string, string>>,
): Promise<Answer> {
  const [state] = await describePools(server, deps.now, pool);
  const endpoint = state?.endpoints.find((each) => each.id === id);
  // Somebody else may have removed it meanwhile.
  return endpoint === undefined ? noEndpoint(server, pool, id) : json(status, endpoint, headers);
}
